namespace Hal.Cache.Contracts.Origins;

/// <summary>An origin object's length in bytes and a 64-bit validator that differs between versions; equal values are one.</summary>
public readonly record struct OriginObject(long Length, ulong Validator);
