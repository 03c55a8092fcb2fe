namespace Hal.Cache.Node;

/// <summary>What a keyspace has done since it started; events or bytes, readable from any thread.</summary>
public interface IKeyspaceStatistics
{
    /// <summary>Look-ups that found an entry that may be served.</summary>
    long Hits { get; }

    /// <summary>Look-ups that found none, those that an origin then answered included.</summary>
    long Misses { get; }

    /// <summary>Reads of bytes from origins.</summary>
    long OriginReads { get; }

    long OriginBytesRead { get; }

    /// <summary>Origin calls that failed for another reason than that the object is not there.</summary>
    long OriginErrors { get; }

    /// <summary>Requests for a key or chunk that waited for a fetch that was already under way.</summary>
    long FlightsJoined { get; }

    /// <summary>Questions to origins whether a copy is current.</summary>
    long Validations { get; }

    /// <summary>Copies that were served although the origin did not answer whether they are current.</summary>
    long ServedStale { get; }

    /// <summary>Copies that went because the origin has another version, or none.</summary>
    long Invalidations { get; }
}
