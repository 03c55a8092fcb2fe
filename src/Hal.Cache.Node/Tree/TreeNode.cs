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

    private readonly CopyHosts? copies;
    private readonly AuthorityHost? authority;
    private readonly PeerReads? reads;
    private readonly CollectionPulls? collections;
    private readonly EvictedVersions? evicted;
    private readonly TreeOptions options;
    private readonly PeerHost host;

    private TreeNode(
        TreeOptions options, Keyspace keyspace, PeerHost host, TreeStatistics statistics, CopyHosts? copies = null, PeerReads? reads = null,
        CollectionPulls? collections = null, EvictedVersions? evicted = null)
    {
        (this.options, this.host, Statistics, this.copies, this.reads, this.collections, authority) = (options, host, statistics, copies, reads, collections, keyspace.Authority);
        this.evicted = evicted;
        Authorities = new RootAuthorities(options, copies);
        keyspace.Tree = statistics;
    }

    /// <summary>What peers may ask of this instance.</summary>
    public IPeerHost Host => host;

    /// <summary>Name of the instance above this one; null at the root.</summary>
    public string? Parent => copies == null ? null : options.Parent ?? options.Root;

    /// <summary>Name of the default root.</summary>
    public string Root => options.Roots.Default;

    /// <summary>Name of the instance through which published messages go: the one above, and above a root the default root; null there.</summary>
    public string? ParentOfMessages => Parent ?? (options.Name == Root ? null : Root);

    /// <summary>Number of this instance.</summary>
    public ulong Instance => options.Instance;

    /// <summary>Hears which keys have changed, where this instance holds copies; set before it starts.</summary>
    public IKeyTracker? Tracker
    {
        set
        {
            foreach (CopyHost host in copies?.All ?? [])
                host.Copies.Tracker = value;
        }
    }

    /// <summary>Asks the authorities to tell the tracker of changes by prefix; completes when they do.</summary>
    public Task TrackAsync(IReadOnlyCollection<byte[]> prefixes) =>
        copies is { } hosts ? Task.WhenAll(hosts.All.Select(host => host.TrackAsync(prefixes))) : Task.CompletedTask;

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

    /// <summary>Whether all keys can be read and written through this instance: at an authority always, elsewhere while its leases run.</summary>
    public bool IsConnected => copies?.All.All(static host => host.HasLease) ?? true;

    /// <summary>A root's part: it is the authority of all keys, or of those of its slots.</summary>
    public static TreeNode AtRoot(TreeOptions options, Keyspace keyspace, uint epoch, IHolderLog holders, TimeProvider time)
    {
        var statistics = new TreeStatistics(options.Name);
        var authority = new AuthorityHost(options, keyspace, epoch, holders, time, statistics);
        keyspace.Authority = authority;
        keyspace.Snapshots.Follow();
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
        CopyHost HostOf(string root) => new(options.With(root), keyspace.Store, peers, sessions, time, statistics, keyspace.Retrievals, collections);
        var copies = new CopyHosts(options.Roots, [.. options.Roots.Names.Select(HostOf)]);
        var reads = new PeerReads(peers, routes, statistics, new SemaphoreSlim(options.PeerReadsMax), keyspace.Retrievals, time);
        keyspace.Keep(copies, reads);
        return new(options, keyspace, host, statistics, copies, reads, collections);
    }

    /// <summary>Number of the holder's newest session, which rises with each connection to an authority; 0 at an authority.</summary>
    public long Session => copies?.All.Max(static host => host.Session) ?? 0;

    /// <summary>Reads that wait for an authority.</summary>
    public int Flights => copies?.All.Sum(static host => host.Flights) ?? 0;

    /// <summary>
    /// Before a string of at most <see cref="HeldValueBytesMax"/> bytes is written through this instance: what to send along, so that it is
    /// held here once it is published.
    /// </summary>
    public WriteMark BeginWrite(int database, byte[] key, byte[] value) => copies?.Of(key).BeginWrite(database, key, value) ?? default;

    /// <summary>The write that the mark was sent with has failed.</summary>
    public void CancelWrite(WriteMark mark)
    {
        // No two hosts have the same session: the others know nothing of it.
        foreach (CopyHost host in copies?.All ?? [])
            host.CancelWrite(mark);
    }

    /// <summary>Begins to reach for the authorities, where this instance is none.</summary>
    public void Start()
    {
        foreach (CopyHost host in copies?.All ?? [])
            host.Start();
    }

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
