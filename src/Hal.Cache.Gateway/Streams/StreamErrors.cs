using System.Text;

namespace Hal.Cache.Gateway.Streams;

/// <summary>Errors that name what is missing.</summary>
internal static class StreamErrors
{
    public static string NoGroup(ReadOnlySpan<byte> key, ReadOnlySpan<byte> group) => $"NOGROUP No such key '{Text(key)}' or consumer group '{Text(group)}'";

    public static string NoGroupOfKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> group) => $"NOGROUP No such consumer group '{Text(group)}' for key name '{Text(key)}'";

    /// <summary>What a subcommand answers to arguments that it does not know.</summary>
    public static Outcome BadSubcommand(this CommandContext c) =>
        c.Error($"ERR unknown subcommand or wrong number of arguments for '{RespErrors.Cut(c.Arg(1))}'. Try {(c.Spec.Container ?? c.Spec).Name.ToUpperInvariant()} HELP.");

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
