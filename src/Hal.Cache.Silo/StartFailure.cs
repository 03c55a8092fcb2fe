using System.Net;
using Hal.Cache.Silo.Settings;
using Microsoft.AspNetCore.Connections;

namespace Hal.Cache.Silo;

/// <summary>Says in one line why a start failed.</summary>
internal static class StartFailure
{
    public static string Describe(Exception failure, SiloOptions options)
    {
        var (name, value) = Listeners(options).FirstOrDefault(l => Names(failure.Message, l.Address));
        return failure switch
        {
            IOException { InnerException: AddressInUseException } when name is not null => $"{name} is '{value}'; that address is in use{Hint(name, options)}",
            IOException when name is not null => $"{name} is '{value}'; that address can't be listened on: {failure.GetBaseException().Message}",
            _ => $"the start failed: {failure.Message}",
        };
    }

    private static IEnumerable<(string Name, IPEndPoint Address)> Listeners(SiloOptions options)
    {
        foreach (var instance in options.Instances)
        {
            foreach (var address in instance.Listens) yield return (options.Instances.Count == 1 ? "listen" : $"listen of '{instance.Name}'", address);
        }

        yield return ("http", options.Http);
    }

    // One port may begin like another.
    private static bool Names(string message, IPEndPoint address)
    {
        var text = address.ToString();
        var at = message.IndexOf(text, StringComparison.Ordinal);
        return at >= 0 && (at + text.Length == message.Length || !char.IsAsciiDigit(message[at + text.Length]));
    }

    private static string Hint(string name, SiloOptions options) =>
        options.IsDefaultTree && name != "http" ? "; --listen HOST:PORT starts one instance elsewhere in place of a root, a branch and a leaf" : "";
}
