namespace Hal.Cache.Storage.Objects;

/// <summary>What became of an attempt to write an object's base as one record.</summary>
internal enum BaseStatus
{
    Done,

    /// <summary>The log's buffer is full now.</summary>
    Full,

    /// <summary>The blob is longer than a record may be: it is to be written in chunks.</summary>
    TooLong,
}
