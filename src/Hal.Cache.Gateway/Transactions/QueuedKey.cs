namespace Hal.Cache.Gateway.Transactions;

/// <summary>Where in a queued request its key is, in bytes, and the key's hash; no length where the request has to be parsed for that.</summary>
internal readonly record struct QueuedKey(int Offset, int Length, ulong Hash);
