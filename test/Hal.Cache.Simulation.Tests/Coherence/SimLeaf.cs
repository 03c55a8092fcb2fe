using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>
/// A leaf's part for one authority: hosts the real <see cref="CopyHolder"/> over copies on a disk that survives crashes, or is lost with them.
/// Where there are several authorities, the parts of a leaf share its clock and its disk, and crash together.
/// </summary>
internal sealed class SimLeaf : ICopyHolderOutput, ICopies
{
    private const int ChunksOfValue = 2;
    private const int SourceTriesMax = 3;
    private const long IdsOfRoot = 1L << 32;

    private readonly SimCluster cluster;
    private readonly SimRoot root;
    private readonly SimDisk disk;
    private readonly Dictionary<int, Copy> copies;
    private readonly Dictionary<long, SimRead> reads = [];
    private readonly Dictionary<ulong, PendingWrite> writes = [];
    private readonly Dictionary<long, Stored> brought = [];
    private readonly Dictionary<long, Action<FetchReply>> fetches = [];
    private readonly Queue<Action> outputs = new();
    private uint epoch;
    private long lastId;
    private uint lastRequest;
    private long pausedUntil;
    private bool draining;
    private Stored? current;
    private List<CoherenceMessage>? unsent;

    public SimLeaf(SimCluster cluster, int node, SimClock clock, SimRoot root, SimDisk disk)
    {
        (this.cluster, Node, Clock, this.root, this.disk, copies) = (cluster, node, clock, root, disk, disk.Copies);
        lastId = root.Node * IdsOfRoot;
        Holder = null!;
        Start();
        Tick();
    }

    public int Node { get; }

    public ulong Instance => disk.Instance;

    public SimClock Clock { get; }

    public CopyHolder Holder { get; private set; }

    public bool IsUp { get; private set; }

    public bool IsPaused => cluster.Scheduler.Now < pausedUntil;

    public int Generation { get; private set; }

    public int Hits { get; private set; }

    public int BytesMoved { get; private set; }

    public IReadOnlyDictionary<int, Copy> Copies => copies;

    /// <summary>A read by a client here; told false where it could not be answered.</summary>
    public void Read(int key, Action<bool, long?> done) => WhenRunning(() =>
    {
        // The copy is taken first and checked then.
        copies.TryGetValue(key, out var copy);
        if (copy is not null && copy.ExpiresAt > Clock.Now && Holder.IsServable(copy.Registration, Clock.Now))
        {
            Hits++;
            done(true, copy.Stored.Exists ? copy.Stored.Value : null);
            return;
        }

        var read = new SimRead(done);
        if (cluster.Mutation.Joined(this, key, read)) return;
        var waiter = ++lastId;
        reads.Add(waiter, read);
        if (Holder.Read(cluster.Keys.Of(key), copy?.Stored.Version ?? 0, waiter, Clock.Now) == ReadStart.Busy)
        {
            reads.Remove(waiter);
            read.Done(false, null);
        }

        Holder.Flush(Clock.Now);
        Drain();
    }, otherwise: () => done(false, null));

    /// <summary>A command by a client here, forwarded until it is answered; told false where the outcome is unknown.</summary>
    public void Write(OperationKind kind, int key, long argument, Action<bool, long?> done) => WhenRunning(() =>
    {
        var request = ((ulong)Holder.Session << 32) | ++lastRequest;
        var flight = kind == OperationKind.Set ? (uint)Holder.BeginWrite(cluster.Keys.Of(key), Clock.Now) : 0;
        writes.Add(request, new PendingWrite(argument, done));
        Forward(new WriteRequest(Instance, Holder.Session, request, flight, kind, key, argument), Generation);
    }, otherwise: () => done(false, null));

    public void Crash(bool losesDisk)
    {
        IsUp = false;
        Generation++;
        foreach (var write in writes.Values) write.Done(false, null);
        foreach (var read in reads.Values) read.Done(false, null);
        writes.Clear();
        reads.Clear();
        brought.Clear();
        fetches.Clear();
        outputs.Clear();
        if (losesDisk) disk.Lose();
    }

    public void Start()
    {
        IsUp = true;
        lastRequest = 0;
        Holder = new CopyHolder(cluster.Options, SimCluster.TicksPerSecond, Instance, epoch, disk, this, this, Clock.Now);
        Holder.Connect(Clock.Now);
        cluster.Mutation.Restarted(this);
    }

    public void Reconnect()
    {
        if (!IsUp) return;
        Holder.Disconnect(Clock.Now);
        Holder.Connect(Clock.Now);
        Drain();
    }

    /// <summary>Stops the process for a while, or puts its machine to sleep; its clock goes on.</summary>
    public void Pause(long microseconds)
    {
        pausedUntil = Math.Max(pausedUntil, cluster.Scheduler.Now + microseconds);
        if (cluster.Mutation.CountsSleep || Clock.Rate == 0) return;
        var rate = Clock.Rate;
        Clock.SetRate(0);
        cluster.Scheduler.After(microseconds, () => Clock.SetRate(rate));
    }

    public void Evict(int key)
    {
        if (!IsUp || !copies.Remove(key, out var copy)) return;
        var generation = Generation;
        cluster.Scheduler.After(cluster.Random.Next(0, 20_000), () => WhenRunning(() =>
        {
            if (generation != Generation || cluster.Mutation.Evicted(this, cluster.Keys.Of(key).Id, copy.Registration)) return;
            Holder.Evicted(cluster.Keys.Of(key).Id, copy.Registration, Clock.Now);
        }));
    }

    /// <summary>Changes the registrations on the disk, as only a broken host does.</summary>
    public void Reregister(long registration)
    {
        foreach (var (key, copy) in copies.ToArray()) copies[key] = copy with { Registration = registration };
    }

    public KeyId IdOf(int key) => cluster.Keys.IdOf(key);

    public void Send(CoherenceMessage message)
    {
        if (unsent is not null) unsent.Add(message);
        else cluster.Network.Send(Node, root.Node, message);
    }

    public void Fetch(long flight, AcquireAnswer answer) => outputs.Enqueue(() => Bring(flight, answer));

    public void Answer(long waiter, in ObjectKey key, long version)
    {
        if (!reads.Remove(waiter, out var read)) return;
        var value = current!;
        outputs.Enqueue(() => read.Done(true, value.Exists ? value.Value : null));
    }

    public void Fail(long waiter, in ObjectKey key, ReadFailure failure)
    {
        if (reads.Remove(waiter, out var read)) outputs.Enqueue(() => read.Done(false, null));
    }

    public CopyState? TryGet(in ObjectKey key) =>
        copies.TryGetValue(SimKeys.Number(key), out var copy) ? new CopyState(copy.Stored.Version, copy.Registration, !copy.Stored.Exists) : null;

    public bool HasAny(KeyId key, long above) => copies.Any(c => cluster.Keys.Of(c.Key).Id == key && c.Value.Registration > above);

    public void Put(in ObjectKey key, long flight, in CopyUpdate copy)
    {
        var number = SimKeys.Number(key);
        var bytes = brought.TryGetValue(flight, out var fetched) && fetched.Version == copy.Version ? fetched
            : copies.TryGetValue(number, out var had) && had.Stored.Version == copy.Version ? had.Stored
            : throw new InvalidOperationException($"no bytes of version {copy.Version}");
        copies[number] = new Copy(bytes, copy.Registration, copy.ExpiresAt);
    }

    public void Invalidate(KeyId key, long below)
    {
        foreach (var (number, copy) in copies.Where(c => cluster.Keys.Of(c.Key).Id == key && c.Value.Stored.Version < below).ToArray())
            copies[number] = copy with { Registration = CopyHolder.Suspect };
    }

    /// <summary>Hands a message to the holder as the host does.</summary>
    public void Hand(CoherenceMessage message)
    {
        Holder.Receive(message, Clock.Now);
        epoch = Holder.Epoch;
        Drain();
    }

    public IEnumerable<SimLeaf> Others => cluster.Leaves.Where(l => l.Node != Node);

    public Stored? RootHas(int key) => root.Store.GetValueOrDefault(key);

    /// <summary>Makes the holder believe that it sends a renewal now; its number, or null when none is due even in the next lease.</summary>
    public uint? RenewUnsent()
    {
        unsent = [];
        Holder.Renew(Clock.Now);
        var renewal = unsent.OfType<Renew>().LastOrDefault();
        unsent = null;
        return renewal?.Number;
    }

    public void FetchValue(int key, long version, Action<bool, long> done) => FetchChunks(key, version, 0, 0, 0, done);

    /// <summary>Takes what comes over the network, as far as it is this part's business.</summary>
    public void Receive(int from, object received) => WhenRunning(() =>
    {
        switch (received)
        {
            case FetchRequest when root.Node != SimCluster.RootNode:
            case WriteReply or CoherenceMessage when from != root.Node:
                break;
            case FetchRequest fetch:
                var chunk = cluster.Mutation.Chunk(copies.GetValueOrDefault(fetch.Key)?.Stored, fetch.Version, fetch.Chunk);
                cluster.Network.Send(Node, from, new FetchReply(fetch.Id, chunk is not null, chunk ?? 0));
                break;
            case FetchReply reply:
                if (fetches.Remove(reply.Id, out var then)) then(reply);
                break;
            case WriteReply reply when reply.Instance == Instance && writes.Remove(reply.Request, out var write):
                Finish(reply, write);
                break;
            case CoherenceMessage message:
                if (cluster.Mutation.AtHolder(this, message) is CoherenceMessage kept) Hand(kept);
                break;
        }

        Drain();
    });

    private void Finish(WriteReply reply, PendingWrite write)
    {
        if (reply.Ok is { } ok)
        {
            var flight = ((long)ok.Session << 32) | ok.Flight;
            brought[flight] = new Stored(ok.Version, true, write.Argument, 0);
            if (cluster.Mutation.AtHolder(this, ok) is CoherenceMessage kept) Hand(kept);
            brought.Remove(flight);
        }

        write.Done(reply.Ok is not null, reply.Result);
    }

    private void Forward(WriteRequest write, int generation)
    {
        if (generation != Generation || !writes.ContainsKey(write.Request)) return;
        cluster.Network.Send(Node, root.Node, write);
        cluster.Scheduler.After(300_000, () => WhenRunning(() => Forward(write, generation)));
    }

    private void Bring(long flight, AcquireAnswer answer)
    {
        var key = SimKeys.Number(answer.Key);
        if (answer.Status == AcquireStatus.Absent) Complete(flight, new Stored(answer.Version, false, 0, 0));
        else if (answer.Payload.Length > 0) Complete(flight, new Stored(answer.Version, true, BitConverter.ToInt64(answer.Payload.Span), 0));
        else if (copies.TryGetValue(key, out var had) && had.Stored.Version == answer.Version) Complete(flight, had.Stored);
        else
        {
            FetchValue(key, answer.Version, (found, value) =>
            {
                if (!found)
                {
                    Holder.Reopen(flight);
                    return;
                }

                BytesMoved++;
                Complete(flight, new Stored(answer.Version, true, value, 0));
            });
        }
    }

    private void Complete(long flight, Stored bytes)
    {
        brought[flight] = current = bytes;
        Holder.Complete(flight);
        brought.Remove(flight);
        Drain();
    }

    // Chunk after chunk, each from any source that has the version; a value whose chunks differ is one that nobody ever wrote.
    private void FetchChunks(int key, long version, int chunk, long value, int tries, Action<bool, long> done)
    {
        if (tries == SourceTriesMax)
        {
            done(false, 0);
            return;
        }

        var (id, generation) = (++lastId, Generation);
        var answered = false;
        fetches.Add(id, reply =>
        {
            answered = true;
            if (!reply.Found) FetchChunks(key, version, chunk, value, tries + 1, done);
            else if (chunk > 0 && reply.Value != value) done(true, -1);
            else if (chunk + 1 == ChunksOfValue) done(true, reply.Value);
            else FetchChunks(key, version, chunk + 1, reply.Value, tries, done);
        });
        cluster.Network.Send(Node, cluster.Source(Node, root, tries), new FetchRequest(id, key, version, chunk));
        cluster.Scheduler.After(100_000, () => WhenRunning(() =>
        {
            if (generation != Generation || answered) return;
            fetches.Remove(id);
            FetchChunks(key, version, chunk, value, tries + 1, done);
            Drain();
        }));
    }

    private void Drain()
    {
        if (draining) return;
        draining = true;
        while (outputs.TryDequeue(out var action)) action();
        draining = false;
    }

    private void Tick() => WhenRunning(
        () =>
        {
            if (IsUp)
            {
                Holder.Tick(Clock.Now);
                Drain();
            }

            if (!cluster.Ended) cluster.Scheduler.After(10_000, Tick);
        },
        always: true);

    private void WhenRunning(Action action, bool always = false, Action? otherwise = null)
    {
        if (IsPaused) cluster.Scheduler.After(pausedUntil - cluster.Scheduler.Now, () => WhenRunning(action, always, otherwise));
        else if (IsUp || always) action();
        else otherwise?.Invoke();
    }

    internal sealed record Copy(Stored Stored, long Registration, long ExpiresAt);

    private sealed record PendingWrite(long Argument, Action<bool, long?> Done);
}
