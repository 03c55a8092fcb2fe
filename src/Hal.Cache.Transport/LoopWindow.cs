namespace Hal.Cache.Transport;

/// <summary>What the event loops did in a while: <paramref name="Busy"/> threads were within turns on average, and so many bytes came and went.</summary>
internal readonly record struct LoopWindow(TimeSpan Elapsed, double Busy, long Bytes);
