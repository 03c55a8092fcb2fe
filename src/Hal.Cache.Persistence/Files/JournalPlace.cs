namespace Hal.Cache.Persistence.Files;

/// <summary>Where a record's newest frame is, in bytes from the file's start.</summary>
internal readonly record struct JournalPlace(long Version, long Offset, int FrameBytes);
