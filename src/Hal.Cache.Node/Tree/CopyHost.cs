using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// Runs the holder's side of coherence for one authority: its lock, its connection, its clock, and the reads that wait. Order of locks:
/// this host's, then a shard's.
/// </summary>
internal sealed class CopyHost : ICopyHolderOutput, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly TreeOptions options;
    private readonly IPeerClient peers;
    private readonly IBlobStore store;
    private readonly TimeProvider time;
    private readonly TreeStatistics statistics;
    private readonly CopyHolder holder;
    private readonly FrameWriter frame = new();
    private readonly Dictionary<long, TaskCompletionSource<FetchOutcome>> waiters = [];
    private readonly List<(uint Flight, AcquireAnswer Answer)> fetches = [];
    private readonly CancellationTokenSource stopping = new();
    private Link? link;
    private long waiterCount;
    private ITimer? timer;
    private Task connecting = Task.CompletedTask;

    public CopyHost(TreeOptions options, IBlobStore store, IPeerClient peers, ISessionCounter sessions, TimeProvider time, TreeStatistics statistics)
    {
        (this.options, this.store, this.peers, this.time, this.statistics) = (options, store, peers, time, statistics);
        Copies = new(store, statistics);
        holder = new(options.Coherence, time.TimestampFrequency, options.Instance, 0, sessions, Copies, this, time.GetTimestamp());
    }

    public CopyStore Copies { get; }

    /// <summary>Epoch of the authority as last heard, 0 before.</summary>
    public uint Epoch => holder.Epoch;

    /// <summary>Whether the lease runs now.</summary>
    public bool HasLease => holder.LeaseRuns(time.GetTimestamp());

    /// <summary>Begins to keep up a connection to the authority.</summary>
    public void Start()
    {
        timer = time.CreateTimer(_ => Tick(), null, options.TickInterval, options.TickInterval);
        connecting = Task.Run(ConnectAsync);
    }

    /// <summary>Whether a copy with this registration may be served: asked after it was taken, under its shard's lock or with its value retained.</summary>
    public bool IsServable(long registration) => registration != CopyHolder.Suspect && holder.IsServable(registration, time.GetTimestamp());

    /// <summary>Whether a copy says that the key does not exist, and may be served.</summary>
    public bool IsAbsent(in BlobKey key) =>
        Copies.Negatives.TryGet(new KeyId(key.Hash, (ushort)key.Database), key.Bytes, time.GetTimestamp(), out long registration)
        && IsServable(registration);

    /// <summary>Asks the authority which version to read, and brings it; joins whoever does that already.</summary>
    public async ValueTask<FetchOutcome> FetchAsync(FetchRequest request, CancellationToken cancellation)
    {
        var key = new ObjectKey(new KeyId(request.Hash, (ushort)request.Database), request.Key);
        var done = new TaskCompletionSource<FetchOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        long waiter = Interlocked.Increment(ref waiterCount);
        lock (gate)
        {
            if (stopping.IsCancellationRequested)
                return new(new CacheError(CacheErrorCode.Unavailable, "the instance is shutting down"));
            long now = time.GetTimestamp();
            ReadStart start = holder.Read(key, Copies.TryGet(key)?.Version ?? 0, waiter, now);
            if (start == ReadStart.Busy)
                return new(new CacheError(CacheErrorCode.Busy, "too many reads wait for the authority"));
            if (start == ReadStart.Opened)
                statistics.Acquired();
            waiters.Add(waiter, done);
            holder.Flush(now);
        }

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

    public async ValueTask DisposeAsync()
    {
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
    }

    void ICopyHolderOutput.Send(CoherenceMessage message)
    {
        if (link?.Channel is not { } channel)
            return;
        MessageCodec.Write(message, frame);
        channel.TrySend(frame.Written);
    }

    void ICopyHolderOutput.Fetch(uint flight, AcquireAnswer answer) => fetches.Add((flight, answer));

    void ICopyHolderOutput.Answer(long waiter, in ObjectKey key, long version)
    {
        if (waiters.TryGetValue(waiter, out TaskCompletionSource<FetchOutcome>? done))
            done.TrySetResult(OutcomeOf(key, version));
    }

    void ICopyHolderOutput.Fail(long waiter, in ObjectKey key, ReadFailure failure)
    {
        if (!waiters.TryGetValue(waiter, out TaskCompletionSource<FetchOutcome>? done))
            return;
        done.TrySetResult(new(new CacheError(CacheErrorCode.Busy, failure switch
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
            Result<IFrameChannel> channel = await peers.ConnectAsync(options.Root, made, stopping.Token).ConfigureAwait(false);
            if (channel.IsOk)
            {
                lock (gate)
                {
                    made.Channel = channel.Value;
                    link = made;
                    holder.Connect(time.GetTimestamp());
                }

                await made.Ended.WaitAsync(stopping.Token).ConfigureAwait(false);
                lock (gate)
                {
                    link = null;
                    holder.Disconnect(time.GetTimestamp());
                }
            }

            await Task.Delay(options.ReconnectInterval, time, stopping.Token).ConfigureAwait(false);
        }
    }

    private void Tick()
    {
        lock (gate)
        {
            if (link != null)
                holder.Tick(time.GetTimestamp());
        }
    }

    private void Received(Link from, ReadOnlySpan<byte> bytes)
    {
        CoherenceMessage message = MessageCodec.Read(bytes);
        lock (gate)
        {
            if (from != link)
                return; // an earlier connection's reader
            holder.Receive(message, time.GetTimestamp());
            Bring();
        }
    }

    // Small values are taken at once; what must wait for room goes on outside of the lock.
    private void Bring()
    {
        foreach ((uint flight, AcquireAnswer answer) in fetches)
        {
            if (answer.Status == AcquireStatus.Absent)
            {
                holder.Complete(flight);
                continue;
            }

            CopyPayload payload = CopyPayload.Read(answer.Payload);
            if (!payload.HasBytes && Copies.TryGet(answer.Key)?.Version == answer.Version)
                statistics.FoundCurrent();
            long room = EntryHeader.Bytes + answer.Key.Bytes.Length + payload.Bytes.Length + OriginStamp.Bytes;
            if (payload.Bytes.Length <= CopyStore.SmallBytesMax && store.HasRoom(room))
                Complete(flight, new(payload, answer.Size, payload.HasBytes ? null : Frame(answer)));
            else
                ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Host.BringAsync(work.Flight, work.Answer, work.Payload, work.Room), (Host: this, Flight: flight, Answer: answer, Payload: payload, Room: room), preferLocal: false);
        }

        fetches.Clear();
    }

    private async Task BringAsync(uint flight, AcquireAnswer answer, CopyPayload payload, long room)
    {
        ILargeValue? large = null;
        CacheError? error = store.HasRoom(room) ? null : await store.MakeRoomAsync(room, stopping.Token).ConfigureAwait(false);
        if (error == null && payload.HasBytes && payload.Bytes.Length > CopyStore.SmallBytesMax)
        {
            large = store.Stage(payload.Bytes.Length); // inline at the authority; here its stamp would make it too long
            error = await large.WriteChunkAsync(0, payload.Bytes, stopping.Token).ConfigureAwait(false);
        }

        lock (gate)
        {
            if (error == null)
            {
                Complete(flight, new(payload, answer.Size, large ?? (payload.HasBytes ? null : Frame(answer))));
                return;
            }

            large?.Release();
            holder.Abandon(flight, ReadFailure.GivenUp);
        }
    }

    private void Complete(uint flight, PendingCopy copy)
    {
        Copies.Bring(flight, copy);
        holder.Complete(flight);
        Copies.Forget(flight);
    }

    private ILargeValue Frame(AcquireAnswer answer) => store.Stage(answer.Size);

    private sealed class Link(CopyHost host) : IFrameSink
    {
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IFrameChannel? Channel { get; set; }

        public Task Ended => ended.Task;

        public void Received(ReadOnlySpan<byte> frame) => host.Received(this, frame);

        public void Closed() => ended.TrySetResult();
    }
}
