namespace Hal.Cache.Gateway.Streams;

/// <summary>Errors that name what is missing.</summary>
internal static class StreamErrors
{
    /// <summary>Names are any bytes, and told as they are.</summary>
    public static byte[] NoGroup(ReadOnlySpan<byte> key, ReadOnlySpan<byte> group, ReadOnlySpan<byte> where = default) =>
        [.. "NOGROUP No such key '"u8, .. key, .. "' or consumer group '"u8, .. group, (byte)'\'', .. where];

    public static byte[] NoGroupOfKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> group) =>
        [.. "NOGROUP No such consumer group '"u8, .. group, .. "' for key name '"u8, .. key, (byte)'\''];

    /// <summary>What a subcommand answers to arguments that it does not know.</summary>
    public static Outcome BadSubcommand(this CommandContext c) =>
        c.Error($"ERR unknown subcommand or wrong number of arguments for '{RespErrors.Cut(c.Arg(1))}'. Try {(c.Spec.Container ?? c.Spec).Name.ToUpperInvariant()} HELP.");
}
