using Hal.Cache.Coherence;

namespace Hal.Cache.Node.Tree;

/// <summary>An instance's place in its tree, and the limits of what it does there.</summary>
public sealed record TreeOptions
{
    /// <summary>Longest <see cref="IdleTickInterval"/>.</summary>
    public static readonly TimeSpan IdleTickIntervalMax = TimeSpan.FromMilliseconds(100);

    private const int LooksPerLease = 50;

    private readonly string? root;

    /// <summary>Name of this instance.</summary>
    public required string Name { get; init; }

    /// <summary>The roots, which are the authorities of all keys.</summary>
    public required RootTable Roots { get; init; }

    /// <summary>Name of the authority that a part of this instance has to do with: the default root, unless <see cref="With"/> named another one.</summary>
    public string Root
    {
        get => root ?? Roots.Default;
        private init => root = value;
    }

    /// <summary>Name of the instance above this one; null at the root.</summary>
    public string? Parent { get; init; }

    /// <summary>Number of this instance, never used by another one or for another data directory.</summary>
    public required ulong Instance { get; init; }

    /// <summary>The time of day that is to follow the authority's; null where none does.</summary>
    public TreeClock? Clock { get; init; }

    public CoherenceOptions Coherence { get; init; } = new();

    /// <summary>Time between two looks at leases and time limits while something waits for their end.</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The same while nothing does: a fiftieth of a lease, at most <see cref="IdleTickIntervalMax"/>. Every look wakes two or three threads, of each
    /// instance, which is what an instance costs that has nothing to do.
    /// </summary>
    public TimeSpan IdleTickInterval
    {
        get
        {
            TimeSpan part = Coherence.LeaseDuration / LooksPerLease;
            TimeSpan most = part < IdleTickIntervalMax ? part : IdleTickIntervalMax;
            return most > TickInterval ? most : TickInterval;
        }
    }

    /// <summary>Time between two tries to reach the authority.</summary>
    public TimeSpan ReconnectInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After a connection to the authority was lost, reads that need it wait so long for the next one before they fail.</summary>
    public TimeSpan CutOffAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A connection to the authority on which nothing has come for so long is given up, and with it all others to it. By default as long as
    /// the lease, which has ended by then, so that giving up costs nothing.
    /// </summary>
    public TimeSpan SilenceMax { get; init; } = new CoherenceOptions().LeaseDuration;

    /// <summary>How long a value that was asked for waits for room here before it is read at the authority instead.</summary>
    public TimeSpan RoomTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Reads of ranges from other instances at the same time.</summary>
    public int PeerReadsMax { get; init; } = 64;

    /// <summary>Collections of up to <see cref="LargePullBytes"/> that are brought at the same time.</summary>
    public int CollectionPullsMax { get; init; } = 64;

    /// <summary>Larger collections that are brought at the same time; each takes its size in memory meanwhile, besides the copy.</summary>
    public int LargePullsMax { get; init; } = 4;

    /// <summary>From which size on a collection is a large one to bring, in bytes of memory.</summary>
    public long LargePullBytes { get; init; } = 1 << 20;

    /// <summary>Longest time that a read waits for a collection to be brought; then it runs at the authority.</summary>
    public TimeSpan CollectionPullTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How far behind this instance's the time of day of a root other than the default one may be, so that its keys with a time to live are
    /// copied; otherwise, and where it is ahead by more than <see cref="TreeClock.ToleranceMax"/>, they are read there.
    /// </summary>
    public TimeSpan RootClockErrorMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether the time of day here is that of the authority.</summary>
    public bool IsOfDefaultRoot => Root == Roots.Default;

    /// <summary>The same for what has to do with one of the roots.</summary>
    public TreeOptions With(string authority) => this with { Root = authority };
}
