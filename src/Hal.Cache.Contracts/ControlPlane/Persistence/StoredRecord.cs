namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A stored value: JSON in UTF-8, opaque to the store.</summary>
public sealed record StoredRecord(StoredKind Kind, string Key, long Version, ReadOnlyMemory<byte> Value);
