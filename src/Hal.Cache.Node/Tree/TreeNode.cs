using Hal.Cache.Coherence;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tree.Collections;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree;

/// <summary>An instance's part of the tree: made over its keyspace, started when its listener is bound, disposed before its keyspace.</summary>
public sealed class TreeNode : IAsyncDisposable
{
    /// <summary>Longest value that is held where it was written.</summary>
    public const int HeldValueBytesMax = CopyStore.SmallBytesMax;

    private readonly CopyHost? copies;
    private readonly AuthorityHost? authority;
    private readonly PeerReads? reads;
    private readonly CollectionPulls? collections;
    private readonly EvictedVersions? evicted;
    private readonly TreeOptions options;
    private readonly PeerHost host;

    private TreeNode(
        TreeOptions options, Keyspace keyspace, PeerHost host, TreeStatistics statistics, CopyHost? copies = null, PeerReads? reads = null,
        CollectionPulls? collections = null, EvictedVersions? evicted = null)
    {
        (this.options, this.host, Statistics, this.copies, this.reads, this.collections, authority) = (options, host, statistics, copies, reads, collections, keyspace.Authority);
        this.evicted = evicted;
        Authorities = new RootAuthorities(options.Root, copies);
        keyspace.Tree = statistics;
    }

    /// <summary>What peers may ask of this instance.</summary>
    public IPeerHost Host => host;

    /// <summary>Name of the instance above this one; null at the root.</summary>
    public string? Parent => copies == null ? null : options.Parent ?? options.Root;

    /// <summary>Name of the root.</summary>
    public string Root => options.Root;

    /// <summary>Number of this instance.</summary>
    public ulong Instance => options.Instance;

    /// <summary>Hears which keys have changed, where this instance holds copies; set before it starts.</summary>
    public IKeyTracker? Tracker
    {
        set
        {
            if (copies != null)
                copies.Copies.Tracker = value;
        }
    }

    /// <summary>Asks the authority to tell the tracker of changes by prefix; completes when it does.</summary>
    public Task TrackAsync(IReadOnlyCollection<byte[]> prefixes) => copies?.TrackAsync(prefixes) ?? Task.CompletedTask;

    /// <summary>Takes channels for published messages from the instances below this one; set once, before the first comes.</summary>
    public Func<IFrameChannel, IFrameSink>? Messages
    {
        set => host.Messages = value;
    }

    /// <summary>Takes channels for commands that wait here for clients of other instances; set once, before the first comes.</summary>
    public Func<IFrameChannel, IFrameSink>? Waits
    {
        set => host.Waits = value;
    }

    public IKeyAuthorities Authorities { get; }

    public TreeStatistics Statistics { get; }

    /// <summary>Whether keys can be read and written through this instance: at the authority always, elsewhere while its lease runs.</summary>
    public bool IsConnected => copies?.HasLease ?? true;

    /// <summary>The root's part: it is the authority of all keys.</summary>
    public static TreeNode AtRoot(TreeOptions options, Keyspace keyspace, uint epoch, IHolderLog holders, TimeProvider time)
    {
        var statistics = new TreeStatistics(options.Name);
        var authority = new AuthorityHost(options, keyspace, epoch, holders, time, statistics);
        keyspace.Authority = authority;
        EvictedVersions? evicted = keyspace.Origins.Mounts.Count > 0 ? new(keyspace.Store) : null;
        evicted?.Start();
        return new(options, keyspace, new PeerHost(options.Name, keyspace, statistics, evicted), statistics, evicted: evicted);
    }

    /// <summary>The part of a branch or a leaf: it holds copies.</summary>
    public static TreeNode Below(
        TreeOptions options, Keyspace keyspace, IPeerClient peers, IFetchRoutes routes, ISessionCounter sessions, TimeProvider time)
    {
        var statistics = new TreeStatistics(options.Name);
        var host = new PeerHost(options.Name, keyspace, statistics);
        var collections = new CollectionPulls(options, keyspace, peers, host, statistics);
        var copies = new CopyHost(options, keyspace.Store, peers, sessions, time, statistics, keyspace.Retrievals, collections);
        var reads = new PeerReads(peers, routes, statistics, new SemaphoreSlim(options.PeerReadsMax), keyspace.Retrievals, time);
        keyspace.Keep(copies, reads);
        return new(options, keyspace, host, statistics, copies, reads, collections);
    }

    /// <summary>Number of the holder's session, which rises with each connection to the authority; 0 at the authority.</summary>
    public long Session => copies?.Session ?? 0;

    /// <summary>Reads that wait for the authority.</summary>
    public int Flights => copies?.Flights ?? 0;

    /// <summary>
    /// Before a string of at most <see cref="HeldValueBytesMax"/> bytes is written through this instance: what to send along, so that it is
    /// held here once it is published.
    /// </summary>
    public WriteMark BeginWrite(int database, byte[] key, byte[] value) => copies?.BeginWrite(database, key, value) ?? default;

    /// <summary>The write that the mark was sent with has failed.</summary>
    public void CancelWrite(WriteMark mark) => copies?.CancelWrite(mark);

    /// <summary>Begins to reach for the authority, where this instance is not it.</summary>
    public void Start() => copies?.Start();

    public async ValueTask DisposeAsync()
    {
        if (copies != null)
            await copies.DisposeAsync().ConfigureAwait(false);
        if (authority != null)
            await authority.DisposeAsync().ConfigureAwait(false);
        evicted?.Dispose();
        reads?.Limit.Dispose();
        collections?.Dispose();
        Statistics.Dispose();
    }
}
