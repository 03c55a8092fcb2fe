using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Node;

/// <summary>Limits of the pull-through pipeline.</summary>
public sealed class KeyspaceOptions
{
    /// <summary>Name of the instance, by which metrics and spans are told apart.</summary>
    public string Name { get; init; } = "local";

    /// <summary>Origin reads at the same time, for each mount, so that one that hangs holds up no other.</summary>
    public int OriginReadsMax { get; init; } = 16;

    /// <summary>Questions to an origin about objects (not reads) at the same time, for each mount.</summary>
    public int OriginAsksMax { get; init; } = 16;

    /// <summary>Longest single read from an origin, in bytes; each read in progress holds a buffer of this size.</summary>
    public int OriginReadBytesMax { get; init; } = 1 << 20;

    /// <summary>
    /// Most bytes of one request to another instance, at most <see cref="RangeRequest.LengthMax"/>; half of <see cref="ReadAheadBytes"/> has one under way
    /// while another is passed on.
    /// </summary>
    public int PeerReadBytesMax { get; init; } = 2 << 20;

    /// <summary>
    /// The first read of a client's range, in bytes: short, so that the first bytes come early. The next ones are each three times as long.
    /// </summary>
    public int FirstReadBytes { get; init; } = 64 << 10;

    /// <summary>How far ahead of a client, within the range it asked for, its object is read, in bytes.</summary>
    public int ReadAheadBytes { get; init; } = 4 << 20;

    /// <summary>Tries to get one object, version or range before the failure is the client's.</summary>
    public int OriginAttemptsMax { get; init; } = 3;

    /// <summary>After an origin failed to answer whether a copy is current, its copies are served this long without asking again.</summary>
    public TimeSpan ValidationRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Largest collection that is copied from the authority, in bytes as MEMORY USAGE counts them; a larger one is read there.</summary>
    public long CollectionPullMaxBytes { get; init; } = 64L << 20;

    /// <summary>Up to where collections are compact; the store's codec has the same, and it may change while the instance runs.</summary>
    public CollectionLimits Collections { get; init; } = new();
}
