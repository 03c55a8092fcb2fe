namespace Hal.Cache.Node.Fetch;

/// <summary>What a fetch is for: a key that is not held, or one whose copy is to be validated.</summary>
internal readonly record struct FetchRequest(FaultKind Kind, Need Need, int Database, byte[] Key, ulong Hash);
