namespace Hal.Cache.Storage;

/// <summary>Places in the log that one walk over it could not read, the first of them by its address; found at the start, or where a segment is reclaimed.</summary>
public sealed record LogDamage(int Places, long FirstAddress, bool AtStart);
