namespace Hal.Cache.Node.Tree.Tracking;

/// <summary>One instance is to hear that a key has changed; the request is that of its own forwarded command, 0 for none.</summary>
internal readonly record struct KeyNotice(ulong Instance, byte[] Key, long Request);
