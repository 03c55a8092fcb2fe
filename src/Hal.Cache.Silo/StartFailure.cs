using Hal.Cache.Silo.Settings;
using Microsoft.AspNetCore.Connections;

namespace Hal.Cache.Silo;

/// <summary>Says in one line why a start failed.</summary>
internal static class StartFailure
{
    public static string Describe(Exception failure, SiloOptions options)
    {
        var name = failure.Message.Contains($"{options.Listen}", StringComparison.Ordinal) ? "listen"
            : failure.Message.Contains($"{options.Http}", StringComparison.Ordinal) ? "http"
            : null;
        var value = name == "listen" ? options.Listen : options.Http;
        return failure switch
        {
            IOException { InnerException: AddressInUseException } when name is not null => $"{name} is '{value}'; that address is in use",
            IOException when name is not null => $"{name} is '{value}'; that address can't be listened on: {failure.GetBaseException().Message}",
            _ => $"the start failed: {failure.Message}",
        };
    }
}
