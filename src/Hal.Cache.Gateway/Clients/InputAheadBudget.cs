namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// How much may be received of clients that take no replies, of each and of all together: many send all of a pipeline before they read, as they may with Redis,
/// whose output has no limit. What is beyond it waits until the client reads. Thread-safe.
/// </summary>
internal sealed class InputAheadBudget
{
    /// <summary>Bytes of one connection.</summary>
    public const int ConnectionBytesMax = 256 << 20;

    /// <summary>Bytes of all connections; they are no part of the store's memory.</summary>
    public const long BytesMax = 512 << 20;

    private long taken;

    /// <summary>Bytes that one connection, which has so many, may still receive.</summary>
    public int Left(long has) => (int)Math.Clamp(Math.Min(ConnectionBytesMax - has, BytesMax - Volatile.Read(ref taken)), 0, ConnectionBytesMax);

    public void Took(long bytes) => Interlocked.Add(ref taken, bytes);

    public void Returned(long bytes) => Interlocked.Add(ref taken, -bytes);
}
