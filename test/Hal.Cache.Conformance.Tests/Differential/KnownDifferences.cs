using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Where the silo, which follows Redis 7.2, is right to answer otherwise than the redis-server 7.0.15 at its side.</summary>
internal static class KnownDifferences
{
    private static readonly (string Command, Func<RespTestReply, RespTestReply, bool> Applies, string Reason)[] Table =
    [
        ("CLIENT HELP", (subject, model) => BothLists(subject, model), "7.2 added NO-TOUCH and SETINFO to the list"),
    ];

    /// <summary>The reason why this difference is right, or null.</summary>
    public static string? Reason(IReadOnlyList<byte[]> command, RespTestReply subject, RespTestReply model)
    {
        var text = string.Join(' ', command.Take(2).Select(Encoding.Latin1.GetString)).ToUpperInvariant();
        foreach (var (name, applies, reason) in Table)
        {
            if ((text == name || text.StartsWith(name + " ", StringComparison.Ordinal)) && applies(subject, model)) return reason;
        }

        return null;
    }

    private static bool BothLists(RespTestReply subject, RespTestReply model) => subject.Items is not null && model.Items is not null;
}
