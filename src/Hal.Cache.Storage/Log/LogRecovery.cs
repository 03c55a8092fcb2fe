namespace Hal.Cache.Storage.Log;

/// <summary>What opening a log found: where it begins and ends, and how many bytes after the last commit were cut.</summary>
internal sealed record LogRecovery(bool IsNew, long BeginAddress, long EndAddress, long CutBytes);
