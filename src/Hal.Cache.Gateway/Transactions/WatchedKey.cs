namespace Hal.Cache.Gateway.Transactions;

/// <summary>A key that a client watches.</summary>
/// <param name="Existed">Whether it was there when WATCH was given: only then does emptying its database change it.</param>
internal sealed record WatchedKey(int Database, byte[] Key, ulong Hash, bool Existed);
