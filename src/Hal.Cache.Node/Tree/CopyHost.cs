using System.Collections.Concurrent;
using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Tree.Collections;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// Runs the holder's side of coherence for one authority: its lock, its connection, its clock, and the reads that wait. Order of locks:
/// this host's, then a shard's.
/// </summary>
internal sealed class CopyHost : ICopyHolderOutput, IKeyChangeSink, IFlightEnds, IAsyncDisposable
{
    /// <summary>Evictions that wait to be told.</summary>
    private const int EvictedMax = 1 << 16;

    /// <summary>Reads whose time is taken.</summary>
    private const int OpenedMax = 1 << 16;

    private readonly Lock gate = new();
    private readonly TreeOptions options;
    private readonly IPeerClient peers;
    private readonly IBlobStore store;
    private readonly TimeProvider time;
    private readonly TreeStatistics statistics;
    private readonly CopyHolder holder;
    private readonly FrameWriter frame = new();
    private readonly Dictionary<long, TaskCompletionSource<FetchOutcome>> waiters = [];
    private readonly List<(long Flight, AcquireAnswer Answer)> fetches = [];
    private readonly ConcurrentQueue<(KeyId Key, long Registration)> evicted = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly ReadPlaces places;
    private readonly Dictionary<KeyId, long> openedAt = [];
    private readonly Retrievals retrievals;
    private readonly CollectionFlights collections;
    private readonly OwnWrites writes;
    private Link? link;
    private long cutOffAt;
    private long heardAt;
    private string whyCutOff = "no connection yet";
    private bool isElsewhere;
    private bool isPushed;
    private long waiterCount;
    private ITimer? timer;
    private Task connecting = Task.CompletedTask;
    private PrefixRequest? prefixes;
    private uint prefixesNumber;
    private uint sessionSeen;
    private bool leaseRan;

    public CopyHost(TreeOptions options, IBlobStore store, IPeerClient peers, ISessionCounter sessions, TimeProvider time, TreeStatistics statistics, Retrievals retrievals,
        CollectionPulls pulls)
    {
        (this.options, this.store, this.peers, this.time, this.statistics, this.retrievals) = (options, store, peers, time, statistics, retrievals);
        Copies = new(store, statistics, pulls);
        holder = new(options.Coherence, time.TimestampFrequency, options.Instance, 0, sessions, Copies, this, time.GetTimestamp());
        places = new(pulls.Ledger, time);
        collections = new(this, store, Copies, places, pulls, options, time, statistics);
        writes = new(holder, Copies, options.Coherence.FlightTimeout, time);
        cutOffAt = time.GetTimestamp();
        store.AddSink(this);
    }

    public CopyStore Copies { get; }

    /// <summary>Epoch of the authority as last heard, 0 before.</summary>
    public uint Epoch => holder.Epoch;

    public uint Session => holder.Session;

    /// <summary>Reads on their way to the authority.</summary>
    public int Flights => holder.Flights;

    /// <summary>Whether the lease runs now.</summary>
    public bool HasLease => holder.LeaseRuns(time.GetTimestamp());

    /// <summary>
    /// Asks the authority to tell of every change of a key with one of these prefixes; completes when it does, and where it can't be reached,
    /// when the connection is back and the tracker has heard that anything may have changed.
    /// </summary>
    public Task TrackAsync(IReadOnlyCollection<byte[]> wanted)
    {
        lock (gate)
        {
            prefixes?.Known.TrySetResult(); // the newer request is for those as well who wait for the older one
            prefixes = new(++prefixesNumber, [.. wanted], new(TaskCreationOptions.RunContinuationsAsynchronously));
            SendPrefixes();
            return prefixes.Known.Task;
        }
    }

    /// <summary>Begins to keep up a connection to the authority.</summary>
    public void Start()
    {
        timer = time.CreateTimer(_ => Tick(), null, options.TickInterval, options.TickInterval);
        connecting = Task.Run(ConnectAsync);
    }

    /// <summary>Whether a copy with this registration may be served: asked after it was taken, under its shard's lock or with its value retained.</summary>
    public bool IsServable(in OriginStamp stamp) => IsServable(stamp.ValidatedAt, stamp.Until);

    private bool IsServable(long registration, long until)
    {
        long now = time.GetTimestamp();
        return registration != CopyHolder.Suspect && (until == 0 || now < until) && holder.IsServable(registration, now);
    }

    /// <summary>Whether a copy says that the key does not exist, and may be served.</summary>
    public bool IsAbsent(in BlobKey key) =>
        Copies.Negatives.TryGet(new KeyId(key.Hash, (ushort)key.Database), key.Bytes, time.GetTimestamp(), out long registration)
        && IsServable(registration, 0);

    /// <summary>Asks the authority which version to read, and brings it; joins whoever does that already.</summary>
    public async ValueTask<FetchOutcome> FetchAsync(FetchRequest request, CancellationToken cancellation)
    {
        var key = new ObjectKey(new KeyId(request.Hash, (ushort)request.Database), request.Key);
        var done = new TaskCompletionSource<FetchOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        long waiter = Interlocked.Increment(ref waiterCount);
        IFrameChannel? channel;
        lock (gate)
        {
            if (stopping.IsCancellationRequested)
                return new(new CacheError(CacheErrorCode.Unavailable, "the instance is shutting down"));
            long now = time.GetTimestamp();
            if (IsCutOff(now))
                return CutOff();
            bool isMeta = request.Need == Need.Meta;
            CopyState? had = Copies.TryGet(key);
            if (had == null && places.RunsElsewhere(key.Id, isMeta, now))
                return Elsewhere();
            ReadStart start = holder.Read(key, had?.Version ?? 0, waiter, now);
            if (start == ReadStart.Busy)
                return new(new CacheError(CacheErrorCode.Busy, "too many reads wait for the authority"));
            if (start == ReadStart.Opened)
                Opened(key.Id, now);
            if (!isMeta)
                places.WantValue(key.Id);
            waiters.Add(waiter, done);
            isPushed = waiters.Count == 1; // where more wait, a thread that sends what has come together saves more than it costs
            holder.Flush(now);
            isPushed = false;
            channel = link?.Channel;
        }

        channel?.Push();
        try
        {
            return await done.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            lock (gate)
                waiters.Remove(waiter);
        }
    }

    /// <summary>Before a small string is written through this instance: what to send along, so that it is held here once it is published.</summary>
    public WriteMark BeginWrite(int database, byte[] key, byte[] value)
    {
        if (!store.HasRoom(EntryHeader.Bytes + key.Length + value.Length))
            return default;
        var name = new ObjectKey(new KeyId(store.Hash(key), (ushort)database), key);
        lock (gate)
            return writes.Begin(name, value, time.GetTimestamp());
    }

    /// <summary>The write failed: nothing will be told of it.</summary>
    public void CancelWrite(WriteMark mark)
    {
        lock (gate)
            writes.Cancel(mark.Handle);
    }

    public async ValueTask DisposeAsync()
    {
        store.RemoveSink(this);
        lock (gate)
        {
            stopping.Cancel();
            link?.Channel?.Close();
            foreach (TaskCompletionSource<FetchOutcome> waiter in waiters.Values)
                waiter.TrySetResult(new(new CacheError(CacheErrorCode.Unavailable, "the instance is shutting down")));
        }

        if (timer != null)
            await timer.DisposeAsync().ConfigureAwait(false);
        await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await collections.DisposeAsync().ConfigureAwait(false);
    }

    void IKeyChangeSink.Changed(in BlobKey key, KeyChange change, long writer)
    {
        if (change != KeyChange.Evicted)
            return;
        for (EntryRef entry = store.FindNext(key.Database, key.Hash, default); !entry.IsNone; entry = store.FindNext(key.Database, key.Hash, entry))
        {
            // Told later, without the shard's lock; one that is not told is invalidated in vain some time.
            if (!entry.Key.SequenceEqual(key.Bytes) || !Copies.TryStamp(entry, out OriginStamp stamp) || stamp.ValidatedAt == CopyHolder.Suspect)
                continue;
            var id = new KeyId(key.Hash, (ushort)key.Database);
            Copies.Ended(id, entry);
            if (evicted.Count < EvictedMax)
                evicted.Enqueue((id, stamp.ValidatedAt));
        }
    }

    void IKeyChangeSink.Flushing(int database, long writer)
    {
        // Whole databases are emptied by the authority alone, which invalidates all.
    }

    void IKeyChangeSink.Swapping(int first, int second, long writer)
    {
        // As above.
    }

    void ICopyHolderOutput.Send(CoherenceMessage message)
    {
        if (link?.Channel is not { } channel)
            return;
        MessageCodec.Write(message, frame);
        if (isPushed)
            channel.TryQueue(frame.Written);
        else
            channel.TrySend(frame.Written);
    }

    Lock IFlightEnds.Gate => gate;

    void IFlightEnds.Complete(long flight, KeyId key, PendingCopy copy) => Complete(flight, key, copy);

    void IFlightEnds.GiveBack(long flight, KeyId key)
    {
        RunElsewhere(flight);
        holder.Evicted(key, flight, time.GetTimestamp());
    }

    void ICopyHolderOutput.Fetch(long flight, AcquireAnswer answer) => fetches.Add((flight, answer));

    void ICopyHolderOutput.Answer(long waiter, in ObjectKey key, long version)
    {
        openedAt.Remove(key.Id);
        if (waiters.TryGetValue(waiter, out TaskCompletionSource<FetchOutcome>? done))
            done.TrySetResult(OutcomeOf(key, version));
    }

    void ICopyHolderOutput.Fail(long waiter, in ObjectKey key, ReadFailure failure)
    {
        openedAt.Remove(key.Id);
        if (!waiters.TryGetValue(waiter, out TaskCompletionSource<FetchOutcome>? done))
            return;
        done.TrySetResult(isElsewhere ? Elsewhere() : new(new CacheError(CacheErrorCode.Busy, failure switch
        {
            ReadFailure.CutOff => $"the authority '{options.Root}' does not answer, and the copy here may be old",
            ReadFailure.GivenUp => "the value could not be brought here",
            _ => $"the authority '{options.Root}' is at a limit",
        })));
    }

    // The version that was asked for, valid at an instant since; where another came after it, that one is looked at again.
    private FetchOutcome OutcomeOf(in ObjectKey key, long version)
    {
        if (Copies.Negatives.TryGet(key) is { } absent && absent.Version == version)
            return FetchOutcome.Absent;
        ulong shard = store.ShardOf(key.Id.Hash);
        store.Lock(shard);
        try
        {
            var scope = default(WriteScope);
            EntryRef entry = store.Find(new BlobKey(key.Id.Database, key.Bytes.Span, key.Id.Hash), ref scope);
            return Copies.TryStamp(entry, out OriginStamp stamp) && stamp.Validator == (ulong)version ? new(Version: entry.Version) : default;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private async Task ConnectAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            var made = new Link(this);
            Result<IFrameChannel> channel = await peers.ConnectAsync(options.Root, PeerChannelKind.Coherence, made, stopping.Token).ConfigureAwait(false);
            if (channel.IsOk)
            {
                lock (gate)
                {
                    made.Channel = channel.Value;
                    link = made;
                    heardAt = time.GetTimestamp();
                    holder.Connect(heardAt);
                    SendPrefixes();
                    Follow(heardAt);
                }

                await made.Ended.WaitAsync(stopping.Token).ConfigureAwait(false);

                // The lease is good to its end, connected or not: the authority waits for it. The next connection begins a session.
                lock (gate)
                    (link, cutOffAt, whyCutOff) = (null, time.GetTimestamp(), "the connection is lost");
            }
            else
            {
                lock (gate)
                    whyCutOff = channel.Error.Message;
            }

            await Task.Delay(options.ReconnectInterval, time, stopping.Token).ConfigureAwait(false);
        }
    }

    private void Tick()
    {
        lock (gate)
        {
            long now = time.GetTimestamp();
            while (evicted.TryDequeue(out (KeyId Key, long Registration) gone))
                holder.Evicted(gone.Key, gone.Registration, now);
            holder.Tick(now);
            writes.Tick(now);
            Follow(now);
            if (link?.Channel is { } channel && time.GetElapsedTime(heardAt, now) > options.SilenceMax)
                GiveUp(channel, now);
            if (!IsCutOff(now))
                return;
            foreach (TaskCompletionSource<FetchOutcome> waiter in waiters.Values)
                waiter.TrySetResult(CutOff());
        }
    }

    // A peer that stands still, or whose packets go nowhere, closes nothing. Commands on their way there would wait for as long as it takes.
    private void GiveUp(IFrameChannel channel, long now)
    {
        heardAt = now;
        statistics.Silenced();
        channel.Close();
        ThreadPool.UnsafeQueueUserWorkItem(static host => host.peers.Cut(host.options.Root), this, preferLocal: false);
    }

    private void Opened(KeyId key, long now)
    {
        statistics.Acquired();
        if (openedAt.Count >= OpenedMax)
            openedAt.Clear();
        openedAt[key] = now;
    }

    private static FetchOutcome Elsewhere() =>
        new(new CacheError(CacheErrorCode.Elsewhere, "the value is of a kind that this instance holds no copies of"));

    // A connection that has just broken may be back at once.
    private bool IsCutOff(long now) =>
        link == null && time.GetElapsedTime(cutOffAt, now) > options.CutOffAfter && !holder.LeaseRuns(now);

    private FetchOutcome CutOff() =>
        new(new CacheError(CacheErrorCode.Busy, $"the copy here may be old, and the authority '{options.Root}' can't be asked: {whyCutOff}"));

    private void Received(Link from, ReadOnlySpan<byte> bytes)
    {
        TrackingFrames.Kind kind = TrackingFrames.KindOf(bytes);
        CoherenceMessage? message = kind == TrackingFrames.Kind.Other ? MessageCodec.Read(bytes) : null;
        lock (gate)
        {
            if (from != link)
                return; // an earlier connection's reader
            heardAt = time.GetTimestamp();
            if (message == null)
            {
                Received(kind, bytes);
                return;
            }

            holder.Receive(message, heardAt);
            Follow(heardAt);
            Bring();
            if (message is WriteOk write)
                writes.Forget(new WriteMark(write.Instance, write.Session, write.Flight).Handle);
        }
    }

    private void Received(TrackingFrames.Kind kind, ReadOnlySpan<byte> bytes)
    {
        if (kind == TrackingFrames.Kind.Notices && Copies.Tracker is { } tracker)
            TrackingFrames.Tell(bytes, tracker);
        if (kind != TrackingFrames.Kind.PrefixesKnown || prefixes == null || TrackingFrames.ReadPrefixesKnown(bytes) != prefixes.Number)
            return;

        // What changed between the session's begin and now was not told by prefix.
        if (prefixes.IsRepeated)
            Copies.Tracker?.AllInvalidated();
        prefixes.IsRepeated = false;
        prefixes.Known.TrySetResult();
    }

    private void SendPrefixes()
    {
        if (prefixes == null || (prefixes.Prefixes.Length == 0 && prefixes.Known.Task.IsCompleted))
            return;
        prefixes.IsRepeated |= link?.Channel == null || prefixes.IsSent;
        if (link?.Channel is not { } channel)
            return;
        prefixes.IsSent = true;
        TrackingFrames.WritePrefixes(frame, options.Instance, prefixes.Number, prefixes.Prefixes);
        channel.TrySend(frame.Written);
    }

    // With a session or a lease goes the certainty that changes are told here.
    private void Follow(long now)
    {
        bool leaseRuns = holder.LeaseRuns(now);
        bool isLost = holder.Session != sessionSeen || (leaseRan && !leaseRuns);
        (sessionSeen, leaseRan) = (holder.Session, leaseRuns);
        if (isLost)
            Copies.Tracker?.AllInvalidated();
    }

    // Small values are taken at once; what must wait for room goes on outside of the lock.
    private void Bring()
    {
        foreach ((long flight, AcquireAnswer answer) in fetches)
        {
            if (answer.Status == AcquireStatus.Absent)
            {
                holder.Complete(flight);
                continue;
            }

            CopyPayload payload = CopyPayload.Read(answer.Payload);
            bool isWanted = places.TakeWanted(answer.Key.Id);
            if (payload.IsElsewhere)
            {
                places.Note(answer.Key.Id, isMeta: false);
                RunElsewhere(flight);
                continue;
            }

            if (payload.Type != BlobType.String)
            {
                collections.Take(flight, answer, payload, isWanted);
                continue;
            }

            // What is left of its life and when it ends, both by the authority's clock, say what time it is there.
            if (payload.ExpiresAt > 0 && answer.TimeToLive is { } left && left > TimeSpan.Zero && left < Keyspace.FreshMax)
                options.Clock?.Follow(DateTimeOffset.FromUnixTimeMilliseconds(payload.ExpiresAt) - left);
            if (!payload.HasBytes && Copies.TryGet(answer.Key)?.Version == answer.Version)
                statistics.FoundCurrent();
            long room = EntryHeader.Bytes + answer.Key.Bytes.Length + payload.Bytes.Length + OriginStamp.Bytes;
            if (payload.Bytes.Length <= CopyStore.SmallBytesMax && store.HasRoom(room))
                Complete(flight, answer.Key.Id, new(payload, answer.Size, payload.HasBytes ? null : Frame(answer)));
            else
                ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Host.BringAsync(work.Flight, work.Answer, work.Payload, work.Room), (Host: this, Flight: flight, Answer: answer, Payload: payload, Room: room), preferLocal: false);
        }

        fetches.Clear();
    }

    private void RunElsewhere(long flight)
    {
        isElsewhere = true;
        holder.Abandon(flight, ReadFailure.GivenUp);
        isElsewhere = false;
    }

    // However it ends, the flight ends: others may have joined it. A value for which there is no room, as on a full disk, is read at the
    // authority.
    private async Task BringAsync(long flight, AcquireAnswer answer, CopyPayload payload, long room)
    {
        ILargeValue? large = null;
        bool isBrought = false;
        try
        {
            using var limit = new CancellationTokenSource(options.RoomTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping.Token);
            CacheError? error = store.HasRoom(room) ? null : await store.MakeRoomAsync(room, either.Token).ConfigureAwait(false);
            if (error == null && payload.HasBytes && payload.Bytes.Length > CopyStore.SmallBytesMax)
            {
                large = store.Stage(payload.Bytes.Length); // inline at the authority; here its stamp would make it too long
                error = await large.WriteChunkAsync(0, payload.Bytes, either.Token).ConfigureAwait(false);
            }

            if (error == null)
            {
                lock (gate)
                    Complete(flight, answer.Key.Id, new(payload, answer.Size, large ?? (payload.HasBytes ? null : Frame(answer))));
                large = null; // let go of with what the flight brought
                isBrought = true;
            }
        }
        catch (OperationCanceledException)
        {
            // No room in time, or the instance stops.
        }
        finally
        {
            large?.Release();
            lock (gate)
            {
                if (isBrought)
                    holder.Abandon(flight, ReadFailure.GivenUp);
                else
                {
                    places.Note(answer.Key.Id, isMeta: false);
                    RunElsewhere(flight);
                }
            }
        }
    }

    private void Complete(long flight, KeyId key, PendingCopy copy)
    {
        using Retrievals.Scope _ = retrievals.Putting(openedAt.TryGetValue(key, out long began) ? retrievals.Since(began, options.Root) : null);
        Copies.Bring(flight, copy);
        holder.Complete(flight);
        Copies.Forget(flight);
    }

    private ILargeValue Frame(AcquireAnswer answer) => store.Stage(answer.Size);

    private sealed record PrefixRequest(uint Number, byte[][] Prefixes, TaskCompletionSource Known)
    {
        public bool IsSent { get; set; }

        /// <summary>There was a time in which changes were not told.</summary>
        public bool IsRepeated { get; set; }
    }

    private sealed class Link(CopyHost host) : IFrameSink
    {
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IFrameChannel? Channel { get; set; }

        public Task Ended => ended.Task;

        public void Received(ReadOnlySpan<byte> frame) => host.Received(this, frame);

        public void Closed() => ended.TrySetResult();
    }
}
