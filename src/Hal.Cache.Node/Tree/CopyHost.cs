using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Tree.Collections;
using Hal.Cache.Node.Tree.Holding;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// Runs the holder's side of coherence for one authority: its lock, its clock, and the parts that keep the connection, the reads that wait and
/// the copies that come. Order of locks: this host's, then a shard's.
/// </summary>
internal sealed class CopyHost : ICopyHolderOutput, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly TreeOptions options;
    private readonly IBlobStore store;
    private readonly TimeProvider time;
    private readonly TreeStatistics statistics;
    private readonly CopyHolder holder;
    private readonly FrameWriter frame = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly AuthorityConnection connection;
    private readonly TrackedPrefixes prefixes;
    private readonly WaitingReads reads;
    private readonly FlightTimes times;
    private readonly CopyQuestions questions;
    private readonly CopyFlights flights;
    private readonly EvictedCopies evicted;
    private readonly OwnWrites writes;
    private ITimer? timer;
    private Task connecting = Task.CompletedTask;

    public CopyHost(TreeOptions options, IBlobStore store, IPeerClient peers, ISessionCounter sessions, TimeProvider time, TreeStatistics statistics, Retrievals retrievals,
        CollectionPulls pulls)
    {
        (this.options, this.store, this.time, this.statistics) = (options, store, time, statistics);
        Copies = new(store, statistics, pulls);
        holder = new(options.Coherence, time.TimestampFrequency, options.Instance, 0, sessions, Copies, this, time.GetTimestamp());
        connection = new(this, gate, options, peers, time, statistics);
        prefixes = new(options, holder, Copies, connection);
        reads = new(options, store, Copies);
        var places = new ReadPlaces(pulls.Ledger, time);
        times = new(retrievals, options.Root);
        questions = new(gate, options, holder, Copies, connection, reads, places, times, time, statistics, stopping.Token);
        flights = new(gate, holder, store, Copies, places, reads, times, questions.Traces, pulls, options, time, statistics, stopping.Token);
        writes = new(holder, Copies, options.Coherence.FlightTimeout, time);
        evicted = new(options, store, Copies);
        store.AddSink(evicted);
    }

    public CopyStore Copies { get; }

    /// <summary>Epoch of the authority as last heard, 0 before.</summary>
    public uint Epoch => holder.Epoch;

    public uint Session => holder.Session;

    /// <summary>Asks the authority about keys, for reads that wait.</summary>
    public CopyQuestions Questions => questions;

    /// <summary>Reads on their way to the authority.</summary>
    public int Flights => holder.Flights;

    /// <summary>Whether the lease runs now.</summary>
    public bool HasLease => holder.LeaseRuns(time.GetTimestamp());

    /// <summary>Asks the authority to tell of every change of a key with one of these prefixes; see <see cref="TrackedPrefixes.TrackAsync"/>.</summary>
    public Task TrackAsync(IReadOnlyCollection<byte[]> wanted)
    {
        lock (gate)
            return prefixes.TrackAsync(wanted);
    }

    /// <summary>Begins to keep up a connection to the authority.</summary>
    public void Start()
    {
        timer = time.CreateTimer(_ => Tick(), null, options.IdleTickInterval, options.IdleTickInterval);
        connecting = Task.Run(() => connection.RunAsync(stopping.Token));
    }

    /// <summary>Whether a copy with this registration may be served: asked after it was taken, under its shard's lock or with its value retained.</summary>
    public bool IsServable(in OriginStamp stamp) => IsServable(stamp.ValidatedAt, stamp.Until, time.GetTimestamp());

    /// <summary>The same at <see cref="WriteScope.ReadAt"/>: a look at the clock costs as much as all else here.</summary>
    public bool IsServable(in OriginStamp stamp, ref long readAt)
    {
        long now = readAt > 0 ? readAt : time.GetTimestamp();
        if (readAt == WriteScope.ReadAtFirst)
            readAt = now;
        return IsServable(stamp.ValidatedAt, stamp.Until, now);
    }

    /// <summary>Whether a copy says that the key does not exist, and may be served.</summary>
    public bool IsAbsent(in BlobKey key) =>
        Copies.Negatives.TryGet(new KeyId(key.Hash, (ushort)key.Database), key.Bytes, time.GetTimestamp(), out long registration)
        && IsServable(registration, 0, time.GetTimestamp());

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
        store.RemoveSink(evicted);
        lock (gate)
        {
            stopping.Cancel();
            connection.Close();
            reads.EndAll(WaitingReads.ShuttingDown);
        }

        if (timer != null)
            await timer.DisposeAsync().ConfigureAwait(false);
        await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await flights.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Whether it is a failure of the disk, on which the number of a session is kept.</summary>
    internal static bool IsOfDisk(Exception failure) => failure is IOException or UnauthorizedAccessException;

    /// <summary>A connection was made; under the lock; what it throws where no session can be begun, <see cref="IsOfDisk"/> tells.</summary>
    internal void Connected(long now)
    {
        holder.Connect(now);
        prefixes.Send();
        prefixes.Follow(now);
    }

    internal void Received(AuthorityLink from, ReadOnlySpan<byte> bytes)
    {
        TrackingFrames.Kind kind = TrackingFrames.KindOf(bytes);
        CoherenceMessage? message = kind == TrackingFrames.Kind.Other ? MessageCodec.Read(bytes) : null;
        lock (gate)
        {
            long now = time.GetTimestamp();
            if (!connection.TryHear(from, now))
                return;
            if (message == null)
            {
                prefixes.Received(kind, bytes);
                return;
            }

            reads.BeginCollecting();
            try
            {
                if (message is AcquireOk answered)
                    reads.Hear(answered);
                holder.Receive(message, now);
                prefixes.Follow(now);
                flights.Bring();
            }
            finally
            {
                reads.EndCollecting();
            }

            if (message is WriteOk write)
                writes.Forget(new WriteMark(write.Instance, write.Session, write.Flight).Handle);
        }
    }

    /// <summary>What had come was handed over, and is acknowledged: those go on who waited for it.</summary>
    internal void Drained()
    {
        IReadOnlyList<WaitingRead> ended;
        lock (gate)
            ended = reads.TakeEnded();
        ReaderLine.GoOn(ended, static read => read.TrySetResult());
    }

    void ICopyHolderOutput.Send(CoherenceMessage message)
    {
        if (connection.Channel is not { } channel)
            return;
        if (message is Acquire acquire)
            message = questions.Sending(acquire);
        MessageCodec.Write(message, frame);
        if (questions.Flushes)
            channel.TryQueue(frame.Written);
        else
            channel.TrySend(frame.Written);
    }

    void ICopyHolderOutput.Fetch(long flight, AcquireAnswer answer) => flights.Add(flight, answer);

    void ICopyHolderOutput.Answer(long waiter, in ObjectKey key, long version)
    {
        times.Ended(key.Id);
        reads.Answer(waiter, key, version);
    }

    void ICopyHolderOutput.Fail(long waiter, in ObjectKey key, ReadFailure failure)
    {
        times.Ended(key.Id);
        reads.Fail(waiter, key, failure);
    }

    private void Tick()
    {
        lock (gate)
        {
            long now = time.GetTimestamp();
            evicted.TellTo(holder, now);
            try
            {
                holder.Tick(now);
            }
            catch (Exception e) when (IsOfDisk(e))
            {
                connection.Close(); // the next session begins with the next connection, once its number can be kept
            }

            writes.Tick(now);
            prefixes.Follow(now);
            connection.Tick(now);
            if (questions.IsCutOff(now))
                reads.EndAll(questions.CutOff());
        }
    }

    private bool IsServable(long registration, long until, long now) =>
        registration != CopyHolder.Suspect && (until == 0 || now < until) && holder.IsServable(registration, now);
}
