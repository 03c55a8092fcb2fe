namespace Hal.Cache.Benchmarks.Load;

/// <summary>One RESP2 reply's first line: its type byte, a bulk's length in bytes (-1 for nil) or an integer, and other lines' text.</summary>
internal readonly record struct WireReply(byte Kind, long Length, string? Text)
{
    public override string ToString() => $"{(char)Kind}{Text ?? $"{Length}"}";
}
