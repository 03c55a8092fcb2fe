namespace Hal.Cache.Storage.Large;

/// <summary>What has a chunk's bytes when memory has them no more.</summary>
internal enum ChunkBacking
{
    /// <summary>The log, from now on where the durability asks for it: nobody else has them.</summary>
    Log,

    /// <summary>The log, when it is their turn: they can be read again elsewhere.</summary>
    LogInTime,

    /// <summary>Their origin, from which they are read again.</summary>
    Origin,
}
