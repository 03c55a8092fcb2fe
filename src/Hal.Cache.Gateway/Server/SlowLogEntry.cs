namespace Hal.Cache.Gateway.Server;

/// <summary>One command that took long: when it began to be noted (Unix seconds), how long it ran, its arguments, and whose it was.</summary>
internal sealed record SlowLogEntry(long Id, long At, long Microseconds, IReadOnlyList<byte[]> Args, string Client, string ClientName);
