using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Pins;
using Hal.Cache.Node.Tree;
using Hal.Cache.Node.Tree.Collections;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Node;

/// <summary>
/// The instance's keys: what the store holds, and behind it what the origins have. Lookups run under the lock of the key's shard and
/// never wait; what they miss they tell as a <see cref="Fault"/>, which <see cref="ResolveAsync(Fault, CancellationToken)"/> awaits
/// without locks.
/// </summary>
/// <remarks>
/// ResolveAsync answers NotFound where the origin has no such object: the gateway then takes the key for absent until the command ends,
/// so that a missing object costs one question per command and nothing has to be remembered here.
/// </remarks>
public sealed class Keyspace : IAsyncDisposable
{
    /// <summary>Without a <see cref="CommandMemory"/> a copy is fresh at least so long, or a command could ask for ever.</summary>
    public static readonly TimeSpan FreshPeriodMin = TimeSpan.FromMilliseconds(100);

    /// <summary>A copy of what expires in a million years is asked about once a month.</summary>
    internal static readonly TimeSpan FreshMax = TimeSpan.FromDays(30);

    private readonly bool hasOrigins;
    private readonly FrozenDictionary<OriginMount, MountState> mounts;
    private readonly KeyspaceStatistics statistics;
    private readonly KeyFlights flights;
    private readonly ObjectFlights objects;
    private readonly FetchPipeline pipeline;
    private CopyLookup? copies;

    public Keyspace(IBlobStore store, IOriginTable origins, TimeProvider time, KeyspaceOptions? options = null)
    {
        options ??= new();
        (Store, Origins, Time, Name) = (store, origins, time, options.Name);
        statistics = new(options.Name, store.Statistics);
        Collections = options.Collections;
        CollectionPullMaxBytes = options.CollectionPullMaxBytes;
        hasOrigins = origins.Mounts.Count > 0;
        mounts = origins.Mounts.ToFrozenDictionary(mount => mount, mount => new MountState(mount, options));
        Retrievals = new(time);
        Pins = new(store);
        pipeline = new FetchPipeline(store, time, options, statistics, Retrievals);
        flights = new(pipeline, statistics);
        objects = new(pipeline, options, statistics, store.Statistics.MemoryLimitBytes / ObjectSnapshots.PartOfMemory);
        Snapshots = new(this);
    }

    /// <summary>Name of the instance.</summary>
    public string Name { get; }

    public IBlobStore Store { get; }

    public IOriginTable Origins { get; }

    public TimeProvider Time { get; }

    /// <summary>Up to where collections are compact.</summary>
    public CollectionLimits Collections { get; }

    /// <summary>Largest collection that is copied between instances, in bytes as MEMORY USAGE counts them; may change while the instance runs.</summary>
    public long CollectionPullMaxBytes { get; set; }

    /// <summary>Collections that are being sent to other instances.</summary>
    internal ObjectSnapshots Snapshots { get; }

    public IKeyspaceStatistics Statistics => statistics;

    /// <summary>Has it noted which keys are looked up; null for not.</summary>
    public ReadSampler? Reads
    {
        get => statistics.Sampler;
        set => statistics.Sampler = value;
    }

    /// <summary>What fetches tell of themselves.</summary>
    public Retrievals Retrievals { get; }

    /// <summary>What must not be evicted.</summary>
    public PinnedKeys Pins { get; }

    /// <summary>What makes changes wait for the holders of copies; null where this instance is not the authority of a tree.</summary>
    public AuthorityHost? Authority { get; internal set; }

    /// <summary>What the instance's part of the tree has done; null where it is in none.</summary>
    public TreeStatistics? Tree { get; internal set; }

    /// <summary>Whether what is here are copies of an authority's keys.</summary>
    public bool KeepsCopies => copies != null;

    /// <summary>Those who keep the copies; null where there are none.</summary>
    internal CopyHosts? Hosts => copies?.Hosts;

    /// <summary>True with the entry, or none, when the command can go on; false with what to await. Needs the lock.</summary>
    public bool TryFind(in BlobKey key, Need need, ref WriteScope scope, out EntryRef entry, out Fault fault) =>
        TryFind(key, need, ref scope, null, out entry, out fault);

    /// <summary>The same, with what the command has learned from its waits; does not tell the eviction policy of a read.</summary>
    public bool TryFind(in BlobKey key, Need need, ref WriteScope scope, CommandMemory? memory, out EntryRef entry, out Fault fault)
    {
        long address = scope.Address;
        entry = Store.Find(key, ref scope);
        if (copies != null)
        {
            scope.Address = address; // the authority has made durable what is read here
            return copies.TryFind(key, need, memory, isAhead: false, entry, ref scope.ReadAt, out entry, out fault);
        }

        if (!entry.IsNone && (entry.Flags & (EntryFlags.Clean | EntryFlags.OnDisk)) == 0)
        {
            fault = default;
            statistics.Hit(key);
            return true;
        }

        if (!entry.IsNone && (entry.Flags & EntryFlags.Clean) != 0)
            scope.Address = address; // an origin's object need not be durable before it is served
        return TryFindElsewhere(key, need, ref scope, memory, isAhead: false, ref entry, out fault);
    }

    /// <summary>
    /// What a lookup of a key that the command comes to later would have to wait for, so that it is awaited with the others; false where
    /// that is nothing. Counts a miss as the lookup would, but no hit. Needs the lock.
    /// </summary>
    public bool TryFindAhead(in BlobKey key, Need need, CommandMemory memory, out Fault fault)
    {
        var scope = default(WriteScope);
        EntryRef entry = Store.Find(key, ref scope);
        if (copies != null)
            return !copies.TryFind(key, need, memory, isAhead: true, entry, ref scope.ReadAt, out _, out fault);
        if (!entry.IsNone && (entry.Flags & (EntryFlags.Clean | EntryFlags.OnDisk)) == 0)
        {
            fault = default;
            return false;
        }

        return !TryFindElsewhere(key, need, ref scope, memory, isAhead: true, ref entry, out fault);
    }

    /// <summary>Awaits what a lookup missed; null when the command may run again. Without locks.</summary>
    public ValueTask<CacheError?> ResolveAsync(Fault fault, CancellationToken cancellation) => ResolveAsync(fault, null, cancellation);

    /// <summary>The same, noting for the rest of the command what was learned.</summary>
    public ValueTask<CacheError?> ResolveAsync(Fault fault, CommandMemory? memory, CancellationToken cancellation) => fault.Kind switch
    {
        FaultKind.None => default,
        FaultKind.Room => Store.MakeRoomAsync(fault.Bytes, cancellation),
        FaultKind.Load => Store.LoadAsync(fault.Database, fault.Key, cancellation),
        _ => FetchAsync(fault, memory, cancellation),
    };

    /// <summary>
    /// A reader of a range of a large value, also of one that is not all here; the value stays readable until the reader is disposed of.
    /// Needs the lock.
    /// </summary>
    public ValueReader OpenReader(in BlobKey key, in EntryRef entry, long start, long length)
    {
        ILargeValue value = Store.Large(entry);
        long from = Math.Clamp(start, 0, value.Length);
        long end = from + Math.Clamp(length, 0, value.Length - from);
        if (value.Origin is not { } stamp || (entry.Flags & EntryFlags.Clean) == 0)
            return new(value, from, end, null, null);
        if (copies != null)
            return new(value, from, end, objects, copies.SourceOf(key, value, stamp));
        if (!TryMatchOrigin(key.Bytes, out OriginMount? mount))
            return new(value, from, end, null, null);
        var source = new MountSource(mounts[mount], key.Database, key.Bytes.ToArray(), new(value.Length, stamp.Validator), pipeline);
        return new(value, from, end, objects, source);
    }

    /// <summary>
    /// Whether all bytes of the entry are here, and its version at the authority (0 for a copy whose version is in the log with it). Needs
    /// the lock.
    /// </summary>
    public bool IsWhole(in EntryRef entry, out long version)
    {
        version = VersionOf(entry);
        return !entry.IsLarge || (entry.Flags & EntryFlags.Clean) == 0 || Store.Large(entry) is { } value && value.ChunksPresent == value.ChunkCount;
    }

    /// <summary>Whether an origin is behind the key: it is then read-only for clients.</summary>
    public bool TryMatchOrigin(ReadOnlySpan<byte> key, [NotNullWhen(true)] out OriginMount? mount)
    {
        mount = null;
        return hasOrigins && Origins.TryMatch(key, out mount);
    }

    /// <summary>Whether the key's object never changes, so that copies of it are good for ever.</summary>
    internal bool IsImmutable(in BlobKey key) => TryMatchOrigin(key.Bytes, out OriginMount? mount) && mount.Freshness.Mode == FreshnessMode.Immutable;

    /// <summary>
    /// How long a copy of the entry may be served without asking again: until it expires, or until its origin is to be asked; null for as
    /// long as it is not invalidated. Needs the lock.
    /// </summary>
    internal TimeSpan? FreshFor(in BlobKey key, in EntryRef entry)
    {
        long now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (!TryMatchOrigin(key.Bytes, out OriginMount? mount))
            return entry.IsNone || entry.ExpiresAt == 0 ? null : TimeSpan.FromMilliseconds(Math.Clamp(entry.ExpiresAt - now, 0, (long)FreshMax.TotalMilliseconds));
        if (entry.IsNone)
            return TimeSpan.Zero; // nobody tells when an origin gets an object
        if (mount.Freshness.Mode == FreshnessMode.Immutable)
            return null;
        OriginStamp stamp = entry.IsLarge ? Store.Large(entry).Origin ?? default : entry.ReadStamp();
        TimeSpan left = mount.Freshness.Period - TimeSpan.FromMilliseconds(Math.Max(0, now - stamp.ValidatedAt));
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The authority's version of an entry, 0 where it is not known. Needs the lock, and an inline value in memory.</summary>
    internal long VersionOf(in EntryRef entry) =>
        copies == null ? entry.Version : copies.Hosts.Copies.TryStamp(entry, out OriginStamp stamp) ? (long)stamp.Validator : 0;

    /// <summary>
    /// Makes room for a version that another instance asks for, so that it is fetched and passed on; the copy stays, unregistered. False
    /// where that can't be done here, or has to wait for the fault. Needs the lock.
    /// </summary>
    internal bool TryKeepForRelay(in BlobKey key, in EntryRef entry, in RangeRequest request, ref WriteScope scope, out Fault fault)
    {
        fault = default;
        if (copies == null || (!entry.IsNone && VersionOf(entry) > (long)request.Version))
            return false;
        ILargeValue value = Store.Stage(request.ObjectLength);
        value.Origin = new(request.Version, Coherence.CopyHolder.Suspect);
        StoreStatus status = Store.Put(key, BlobType.String, value, 0, EntryFlags.Clean, ref scope);
        value.Release();
        if (status != StoreStatus.Done)
            fault = Fault.Room(EntryHeader.Bytes + key.Bytes.Length);
        return status == StoreStatus.Done;
    }

    /// <summary>Whether every change of the key is heard of here: always at the authority, elsewhere where a copy is registered. Needs its shard's lock.</summary>
    public bool HearsChanges(in BlobKey key)
    {
        if (copies == null)
            return true;
        var scope = default(WriteScope);
        return copies.IsRegistered(key, Store.Find(key, ref scope));
    }

    /// <summary>From now on what is here are copies, which the hosts keep registered.</summary>
    internal void Keep(CopyHosts hosts, PeerReads reads)
    {
        copies = new(hosts, reads, statistics);
        foreach (CopyHost host in hosts.All)
            host.Copies.LargeEnded = Hurry;
    }

    /// <summary>A large value is over: what its readers still want of it is brought while it can be had. Any locks may be held.</summary>
    internal void Hurry(ILargeValue ended) => objects.Hurry(ended);

    /// <summary>Ends all fetches and waits for them; the store is the caller's.</summary>
    public async ValueTask DisposeAsync()
    {
        await flights.StopAsync();
        await objects.StopAsync();
        await Snapshots.DisposeAsync();
        statistics.Dispose();
        Retrievals.Dispose();
    }

    private bool TryFindElsewhere(
        in BlobKey key, Need need, ref WriteScope scope, CommandMemory? memory, bool isAhead, ref EntryRef entry, out Fault fault)
    {
        fault = default;
        bool isOriginKey = TryMatchOrigin(key.Bytes, out OriginMount? mount);
        if (!entry.IsNone && (entry.Flags & EntryFlags.Clean) != 0
            && !IsServable(key, need, mount, memory, ref scope, ref entry, ref fault))
            return false;
        if (entry.IsNone)
        {
            bool isAbsent = memory?.KnowsAbsent(key) == true;
            if (!isAbsent && (isOriginKey || !isAhead))
                statistics.Miss(key);
            if (!isOriginKey || isAbsent)
                return true;
            fault = FaultOf(FaultKind.Fetch, need, key);
            return false;
        }

        if (entry.IsOnDisk && !entry.IsLarge && need == Need.Value)
        {
            fault = FaultOf(FaultKind.Load, need, key);
            return false;
        }

        if (!isAhead && memory?.KnowsFresh(key, entry.Version) != true) // what was fetched for this command counted as a miss
            statistics.Hit(key);
        return true;
    }

    /// <summary>True where the copy may be served, or was dropped and the entry is none; false with what to await.</summary>
    private bool IsServable(
        in BlobKey key, Need need, OriginMount? mount, CommandMemory? memory, ref WriteScope scope, ref EntryRef entry, ref Fault fault)
    {
        // Without its mount a copy is of an origin that the instance no longer has; an absent one was put by a fetch before the object went.
        if (mount == null || memory?.KnowsAbsent(key) == true)
            return TryDrop(key, ref scope, ref entry, ref fault);
        if (mount.Freshness.Mode != FreshnessMode.Immutable && memory?.KnowsFresh(key, entry.Version) != true)
        {
            if (!entry.IsLarge && entry.IsOnDisk)
            {
                fault = FaultOf(FaultKind.Load, need, key); // the stamp is with the value
                return false;
            }

            long now = Time.GetUtcNow().ToUnixTimeMilliseconds();
            if (!IsFresh(entry, mount.Freshness, now, isFloored: memory == null))
            {
                if (mount.Freshness.Mode == FreshnessMode.Ttl)
                    return TryDrop(key, ref scope, ref entry, ref fault);
                if (!mounts[mount].FailedLately(now))
                {
                    fault = FaultOf(FaultKind.Validate, need, key);
                    return false;
                }

                statistics.StaleServed();
            }
        }

        if (need == Need.Value && entry.IsLarge && FetchPipeline.IsSmall(Store.Large(entry).Length))
        {
            fault = FaultOf(FaultKind.Fetch, need, key); // only its metadata was asked for until now
            return false;
        }

        return true;
    }

    private bool IsFresh(in EntryRef entry, Freshness freshness, long now, bool isFloored)
    {
        OriginStamp stamp = entry.IsLarge ? Store.Large(entry).Origin ?? default : entry.ReadStamp();
        TimeSpan age = TimeSpan.FromMilliseconds(Math.Max(0, now - stamp.ValidatedAt));
        return freshness.Covers(age) || (isFloored && age < FreshPeriodMin);
    }

    private bool TryDrop(in BlobKey key, ref WriteScope scope, ref EntryRef entry, ref Fault fault)
    {
        if (Store.Remove(key, RemovalReason.Invalidated, ref scope, out _) != StoreStatus.Done)
        {
            fault = Fault.Room(EntryHeader.Bytes + key.Bytes.Length);
            return false;
        }

        statistics.Invalidation();
        entry = default;
        return true;
    }

    /// <summary>The same for a copy of a collection, a part of which may expire: that is the authority's to tell, as the whole is. Needs the lock.</summary>
    internal TimeSpan? CollectionFreshFor(in BlobKey key, in EntryRef entry)
    {
        TimeSpan? whole = FreshFor(key, entry);
        if (Store.Object(entry) is not ICollectionValue { NextExpiry: not long.MaxValue and var at })
            return whole;
        var part = TimeSpan.FromMilliseconds(Math.Clamp(at - Time.GetUtcNow().ToUnixTimeMilliseconds(), 0, int.MaxValue));
        return whole < part ? whole : part;
    }

    private static Fault FaultOf(FaultKind kind, Need need, in BlobKey key) => new(kind, need, key.Database, key.Bytes.ToArray(), 0);

    private async ValueTask<CacheError?> FetchAsync(Fault fault, CommandMemory? memory, CancellationToken cancellation)
    {
        OriginMount? mount = null;
        if (copies == null && !TryMatchOrigin(fault.Key.Span, out mount))
            return new CacheError(CacheErrorCode.NotFound, "no origin is behind the key");
        ulong hash = Store.Hash(fault.Key.Span);
        var request = new FetchRequest(fault.Kind, fault.Need, fault.Database, fault.Key.ToArray(), hash);
        FetchOutcome outcome = copies != null
            ? await copies.Hosts.Of(fault.Key.Span).Questions.FetchAsync(request, memory?.GoesOnAtOnce == true, memory?.Loop, cancellation)
            : await flights.JoinAsync(request, mounts[mount!], cancellation);
        if (outcome.Version != 0)
            memory?.Learn(fault.Database, hash, outcome.Version);
        if (!outcome.IsAbsent)
            return outcome.Error;
        memory?.LearnAbsent(fault.Database, hash);
        return new CacheError(CacheErrorCode.NotFound, "the origin has no such object");
    }
}
