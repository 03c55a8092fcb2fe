using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree.Collections;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// Runs the authority's side of coherence: its lock, its clock, the channels to holders, and what waits for publication. Order of locks:
/// a shard's, then this host's.
/// </summary>
public sealed class AuthorityHost : IKeyChangeSink, IAuthorityOutput, IAsyncDisposable
{
    private const int AnswerBytesAtOnce = 256 << 10;

    /// <summary>Structures up to this size are written under their shard's lock, to see whether they fit into the answer.</summary>
    private const int SentObjectBytesMax = 32 << 10;

    private readonly Lock gate = new();
    private readonly TreeOptions options;
    private readonly Keyspace keyspace;
    private readonly IBlobStore store;
    private readonly IHolderLog holders;
    private readonly TimeProvider time;
    private readonly TreeStatistics statistics;
    private readonly Authority authority;
    private readonly FrameWriter frame = new();
    private readonly Dictionary<ulong, HolderLink> links = [];
    private readonly Dictionary<long, TaskCompletionSource> waiting = [];
    private readonly Dictionary<long, HeldAcquire> held = [];
    private readonly Dictionary<long, (WriteMark Writer, long Version)> writers = [];
    private readonly TrackedChanges tracked = new();
    private readonly ThreadLocal<ChangeGroup> groups = new(static () => new());
    private readonly CancellationTokenSource stopping = new();
    private readonly ITimer timer;
    private long tokens;
    private long committing; // end of the log that a task waits for
    private volatile bool isCommitting;

    public AuthorityHost(TreeOptions options, Keyspace keyspace, uint epoch, IHolderLog holders, TimeProvider time, TreeStatistics statistics)
    {
        (this.options, this.keyspace, this.holders, this.time, this.statistics) = (options, keyspace, holders, time, statistics);
        store = keyspace.Store;
        authority = new(options.Coherence, time.TimestampFrequency, epoch, holders.Known, this, time.GetTimestamp());
        store.AddSink(this);
        timer = time.CreateTimer(_ => Tick(), null, options.TickInterval, options.TickInterval);
    }

    public uint Epoch => authority.Epoch;

    /// <summary>Nobody holds copies and nothing waits: commands need not be looked at. Read under the shard locks of the command's keys.</summary>
    public bool IsIdle => authority.IsIdle;

    /// <summary>Some change is not published yet: replies that tell of its keys wait. Read under the shard locks of the command's keys.</summary>
    public bool HasRounds => authority.HasRounds;

    /// <summary>Sessions of holders that are live.</summary>
    public int Sessions => authority.Sessions;

    /// <summary>Questions that wait for a round.</summary>
    public int Held => authority.Held;

    /// <summary>Changes, and sets of changes, that somebody waits for and that are not published yet.</summary>
    public int Unpublished
    {
        get
        {
            lock (gate)
                return waiting.Count;
        }
    }

    /// <summary>Takes a holder's connection.</summary>
    public IFrameSink Accept(IFrameChannel channel) => new HolderLink(this, channel);

    /// <summary>
    /// Ends the changes of the command that ran on this thread, as one step, while it still has its locks; answers the ticket that its reply
    /// waits for, 0 for none. A writer that is named becomes a holder of the one key that it changed, once that is published, and is told.
    /// </summary>
    public long EndChanges(WriteMark writer = default)
    {
        ChangeGroup group = groups.Value!;
        if (group.IsEmpty)
            return 0;
        ChangeResult result;
        long position = Position();
        lock (gate)
        {
            long now = time.GetTimestamp();
            Notify(group);
            result = group.IsAll ? authority.ChangedAll(position, now)
                : writer.IsSet && group.Changes.Length == 1 ? Changed(group.Changes[0], position, writer, now)
                : authority.Changed(group.Changes, position, now);
            Opened(result.Ticket, position);
        }

        group.Clear();
        return result.Ticket;
    }

    /// <summary>The ticket that the reply of a command that read the key waits for, 0 for none; under its shard lock.</summary>
    public long TicketOf(in BlobKey key)
    {
        lock (gate)
            return Noted(authority.Ticket(IdOf(key)));
    }

    /// <summary>Completes when what the ticket stands for is published; at once where it is already.</summary>
    public Task PublishedAsync(long ticket)
    {
        lock (gate)
            return waiting.TryGetValue(ticket, out TaskCompletionSource? source) ? source.Task : Task.CompletedTask;
    }

    /// <summary>
    /// An instance's command begins on behalf of one of its clients, as the client of a number here: what it reads or changes is told to the
    /// instance as such.
    /// </summary>
    /// <param name="wantsOwn">Its changes are told with the request's number, so that the instance can spare its own client.</param>
    public void BeginForwarded(long client, ulong instance, long request, bool wantsOwn)
    {
        if (wantsOwn)
            tracked.BeginWriter(client, instance, request);
    }

    /// <summary>The command that began as such has ended.</summary>
    public void EndForwarded(long client) => tracked.EndWriter(client);

    /// <summary>An instance's client tracks a key that was read here; needs the lock of the key's shard.</summary>
    public void Track(ReadOnlySpan<byte> key, ulong instance)
    {
        if (!tracked.Reads.Add(key, instance, out byte[] given, out ulong[] readers))
            return;
        lock (gate)
        {
            foreach (ulong reader in readers)
                Send(reader, [new(reader, given, 0)]);
        }
    }

    void IKeyChangeSink.Changed(in BlobKey key, KeyChange change, long writer)
    {
        if (authority.IsIdle || change == KeyChange.Fetched)
            return;
        if (!tracked.IsEmpty)
            Collect(key, change, writer);

        // Expiry is no change: the time travels with the copies, and they end first.
        if (change == KeyChange.Expired)
            return;
        long version = change is KeyChange.Deleted or KeyChange.Evicted or KeyChange.Invalidated ? store.TakeVersion(key.Hash) : store.LastVersion(key.Hash);
        var changed = new KeyVersion(IdOf(key), version);
        if (writer != 0)
        {
            groups.Value!.Add(changed);
            return;
        }

        ChangeGroup group = groups.Value!;
        long position = Position();
        lock (gate)
        {
            Notify(group);
            Opened(authority.Changed(changed.Key, changed.Version, position, null, time.GetTimestamp()).Ticket, position);
        }

        group.Notices.Clear();
        group.NoticeIds.Clear();
    }

    void IKeyChangeSink.Flushing(int database, long writer)
    {
        if (!authority.IsIdle)
            groups.Value!.AddAll();
    }

    void IKeyChangeSink.Swapping(int first, int second, long writer)
    {
        if (!authority.IsIdle)
            groups.Value!.AddAll();
    }

    void IAuthorityOutput.Send(CoherenceMessage message)
    {
        if (!links.TryGetValue(message.Instance, out HolderLink? link))
            return;
        MessageCodec.Write(message, frame);
        link.Channel.TrySend(frame.Written);
    }

    void IAuthorityOutput.Published(long ticket, bool writerRegistered)
    {
        if (writers.Remove(ticket, out (WriteMark Writer, long Version) own) && writerRegistered)
            TellWriter(own.Writer, own.Version);
        if (waiting.Remove(ticket, out TaskCompletionSource? source))
            source.TrySetResult();
    }

    void IAuthorityOutput.Released(long token)
    {
        if (held.Remove(token, out HeldAcquire? acquire))
            ThreadPool.UnsafeQueueUserWorkItem(static again => _ = again.Host.AnswerAsync(again), acquire, preferLocal: false);
    }

    void IAuthorityOutput.BarrierWanted() => ThreadPool.UnsafeQueueUserWorkItem(static host => host.PassBarrier(), this, preferLocal: false);

    public async ValueTask DisposeAsync()
    {
        store.RemoveSink(this);
        await stopping.CancelAsync().ConfigureAwait(false);
        await timer.DisposeAsync().ConfigureAwait(false);
        lock (gate)
        {
            foreach (HolderLink link in links.Values)
                link.Channel.Close();
            foreach (TaskCompletionSource source in waiting.Values)
                source.TrySetCanceled(CancellationToken.None);
            waiting.Clear();
        }
    }

    // Those of a command's changes go out with its invalidations, which wait for them; an end by time has no round.
    private void Collect(in BlobKey key, KeyChange change, long writer)
    {
        ChangeGroup group = groups.Value!;
        if (change != KeyChange.Expired)
        {
            tracked.Collect(key.Bytes, writer, group.Notices);
            while (group.NoticeIds.Count < group.Notices.Count)
                group.NoticeIds.Add(IdOf(key));
            return;
        }

        List<KeyNotice> notices = [];
        tracked.Collect(key.Bytes, writer, notices);
        lock (gate)
        {
            foreach (KeyNotice notice in notices)
                Send(notice.Instance, [notice]);
        }
    }

    // The channel keeps the order: an instance hears the key before the invalidation that it acknowledges.
    private void Notify(ChangeGroup group)
    {
        if (group.Notices.Count == 0)
            return;
        for (int at = 0; at < group.Notices.Count; at++)
            authority.Include(group.Notices[at].Instance, group.NoticeIds[at]);
        foreach (IGrouping<ulong, KeyNotice> instance in group.Notices.GroupBy(static notice => notice.Instance))
            Send(instance.Key, [.. instance]);
    }

    private void Send(ulong instance, ReadOnlySpan<KeyNotice> notices)
    {
        if (!links.TryGetValue(instance, out HolderLink? link))
            return;
        for (int from = 0; from < notices.Length;)
        {
            int to = from, bytes = 0;
            while (to < notices.Length && bytes < AnswerBytesAtOnce)
                bytes += notices[to++].Key.Length;
            TrackingFrames.BeginNotices(frame, to - from);
            for (; from < to; from++)
                TrackingFrames.Add(frame, notices[from]);
            link.Channel.TrySend(frame.Written);
        }
    }

    private void Received(HolderLink from, ReadOnlySpan<byte> bytes)
    {
        if (TrackingFrames.KindOf(bytes) != TrackingFrames.Kind.Prefixes)
        {
            Received(from, MessageCodec.Read(bytes));
            return;
        }

        (ulong instance, uint number, byte[][] prefixes) = TrackingFrames.ReadPrefixes(bytes);
        tracked.SetPrefixes(instance, prefixes);
        lock (gate)
        {
            TrackingFrames.WritePrefixesKnown(frame, number);
            from.Channel.TrySend(frame.Written);
        }
    }

    private static KeyId IdOf(in BlobKey key) => new(key.Hash, (ushort)key.Database);

    // What is appended below it is what a change of now stands on; without acknowledged commits everything counts as durable.
    private long Position() => store.AcknowledgesCommits ? store.AppendedUntil : 0;

    private void Opened(long ticket, long position)
    {
        if (ticket == 0)
            return;
        statistics.RoundOpened();
        Noted(ticket);
        WantCommit(position);
    }

    private ChangeResult Changed(KeyVersion change, long position, WriteMark writer, long now)
    {
        var mark = new WriterMark(writer.Instance, writer.Session, writer.Flight);
        ChangeResult result = authority.Changed(change.Key, change.Version, position, mark, now);
        if (result.Ticket != 0)
            writers.Add(result.Ticket, (writer, change.Version));
        else if (result.WriterRegistered)
            TellWriter(writer, change.Version);
        return result;
    }

    private void TellWriter(WriteMark writer, long version) =>
        ((IAuthorityOutput)this).Send(new WriteOk(writer.Instance, writer.Session, authority.Epoch, 0, writer.Flight, version, Registered: true));

    // A ticket that the core gives is not published yet, and the lock is held: from here on its publication is not missed.
    private long Noted(long ticket)
    {
        if (ticket != 0)
            waiting.TryAdd(ticket, new(TaskCreationOptions.RunContinuationsAsynchronously));
        return ticket;
    }

    // One task at a time waits for the log: the connection whose command it was may be gone.
    private void WantCommit(long position)
    {
        committing = Math.Max(committing, position);
        if (isCommitting || position == 0)
            return;
        isCommitting = true;
        ThreadPool.UnsafeQueueUserWorkItem(static host => _ = host.CommitAsync(), this, preferLocal: false);
    }

    private async Task CommitAsync()
    {
        while (true)
        {
            long until;
            lock (gate)
                until = committing;
            CacheError? error = await store.WaitForCommitAsync(until - 1, CancellationToken.None).ConfigureAwait(false);
            lock (gate)
            {
                if (error == null)
                    authority.Durable(Math.Max(until, store.CommittedUntil));
                if (error != null || committing <= until)
                {
                    isCommitting = false;
                    return;
                }
            }
        }
    }

    private void Tick()
    {
        lock (gate)
        {
            authority.Tick(time.GetTimestamp());
            if (!isCommitting && waiting.Count > 0)
                WantCommit(committing); // a commit that failed is tried again
        }
    }

    // Whoever saw that nobody holds copies has let go of its shard's lock by then.
    private void PassBarrier()
    {
        for (ulong rest = store.AllShards; rest != 0; rest &= rest - 1)
        {
            ulong shard = rest & (~rest + 1);
            store.Lock(shard);
            store.Unlock(shard);
        }

        long position = Position();
        lock (gate)
        {
            authority.Barrier(position);
            WantCommit(position);
        }
    }

    private void Received(HolderLink from, CoherenceMessage message)
    {
        if (message is Acquire acquire)
        {
            Acquire(acquire);
            return;
        }

        if (message is Hello && !holders.TryAdd(message.Instance))
            return; // the holder tries again
        lock (gate)
        {
            if (message is Hello)
                Greeted(from, message);

            authority.Receive(message, time.GetTimestamp());
        }
    }

    // A holder has one connection, that of its latest session: it has given a former one up, which this end may not learn by itself, and a
    // greeting that was held up on that one changes nothing.
    private void Greeted(HolderLink from, CoherenceMessage hello)
    {
        if (links.TryGetValue(hello.Instance, out HolderLink? former) && former != from)
        {
            if (former.Session >= hello.Session)
                return;
            former.Channel.Close();
        }

        (from.Instance, from.Session) = (hello.Instance, hello.Session);
        links[hello.Instance] = from;
    }

    private void Closed(HolderLink link)
    {
        lock (gate)
        {
            if (links.TryGetValue(link.Instance, out HolderLink? known) && known == link)
                links.Remove(link.Instance);
        }
    }

    private void Acquire(Acquire acquire)
    {
        List<AcquireAnswer>? answers = null;
        foreach (AcquireItem item in acquire.Items)
        {
            var asked = new HeldAcquire(this, acquire.Instance, acquire.Session, acquire.Epoch, item);
            if (TryAnswer(asked, out AcquireAnswer? answer, out _))
            {
                if (answer != null)
                    (answers ??= []).Add(answer);
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(static waits => _ = waits.Host.AnswerAsync(waits), asked, preferLocal: false);
            }
        }

        if (answers != null)
            Send(acquire.Instance, acquire.Session, acquire.Epoch, answers);
    }

    private async Task AnswerAsync(HeldAcquire asked)
    {
        AcquireAnswer? answer;
        while (!TryAnswer(asked, out answer, out AcquireWait wait))
        {
            if (wait.Ticket != 0)
            {
                await PublishedAsync(wait.Ticket).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            else if (wait.Commit != 0)
            {
                if (await store.WaitForCommitAsync(wait.Commit, stopping.Token).ConfigureAwait(false) != null)
                    return; // the holder asks again
            }
            else if (await keyspace.ResolveAsync(wait.Fault, asked.Memory, stopping.Token).ConfigureAwait(false) is { } error && error.Code != CacheErrorCode.NotFound)
            {
                Send(asked.Instance, asked.Session, asked.Epoch, [asked.Refused(error)]);
                return;
            }

            if (wait.Answer != null)
            {
                Send(asked.Instance, asked.Session, asked.Epoch, [wait.Answer]);
                return;
            }
        }

        if (answer != null)
            Send(asked.Instance, asked.Session, asked.Epoch, [answer]);
    }

    /// <summary>
    /// True when the item is done with: answered, or held, or nobody is to be answered. False with what to wait for, and the answer that
    /// may go out after that where it is known already.
    /// </summary>
    private bool TryAnswer(HeldAcquire asked, out AcquireAnswer? answer, out AcquireWait wait)
    {
        (answer, wait) = (null, default);
        KeyId id = asked.Item.Key.Id;
        ReadOnlySpan<byte> bytes = asked.Item.Key.Bytes.Span;
        ulong hash = store.Hash(bytes);
        if (hash != id.Hash || id.Database >= IBlobStore.Databases)
            return true; // not of this tree: its seed is another one
        var key = new BlobKey(id.Database, bytes, hash);
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(hash);
        store.Lock(shard);
        try
        {
            if (!keyspace.TryFind(key, Need.Value, ref scope, asked.MemoryKept, out EntryRef entry, out Fault fault))
            {
                wait = new(fault, 0, 0, null);
                return false;
            }

            if (!entry.IsNone && entry.IsObject && store.Object(entry).MemoryBytes > keyspace.CollectionPullMaxBytes)
            {
                answer = new(asked.Item.Key, asked.Item.Flight, entry.Version, AcquireStatus.Found) { Payload = CopyPayload.Elsewhere };
                return true;
            }

            AcquireResult result = keyspace.IsImmutable(key) && !entry.IsNone ? new(AcquireOutcome.Registered, 0) : Register(asked);
            switch (result.Outcome)
            {
                case AcquireOutcome.Registered:
                    break;
                case AcquireOutcome.Busy:
                    answer = asked.Busy();
                    return true;
                default:
                    return true;
            }

            answer = Answer(asked, key, entry);
            bool isDurable = !store.AcknowledgesCommits || scope.Address < store.CommittedUntil;
            if (result.Ticket == 0 && isDurable)
                return true;
            wait = new(default, result.Ticket, isDurable ? 0 : scope.Address, answer);
            return false;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private AcquireResult Register(HeldAcquire asked)
    {
        lock (gate)
        {
            long token = ++tokens;
            AcquireResult result = authority.Register(asked.Instance, asked.Session, asked.Epoch, asked.Item.Key.Id, asked.Item.Flight, token);
            if (result.Outcome == AcquireOutcome.Held)
                held.Add(token, asked);
            Noted(result.Ticket);
            return result;
        }
    }

    private AcquireAnswer Answer(HeldAcquire asked, in BlobKey key, in EntryRef entry)
    {
        ObjectKey name = asked.Item.Key;
        if (entry.IsNone)
            return new(name, asked.Item.Flight, store.LastVersion(key.Hash), AcquireStatus.Absent) { TimeToLive = keyspace.FreshFor(key, entry) };
        if (entry.IsObject)
            return AnswerOfObject(asked, key, entry);
        bool sendsBytes = !entry.IsLarge && asked.Item.VersionHad != entry.Version;
        return new(name, asked.Item.Flight, entry.Version, AcquireStatus.Found)
        {
            Size = entry.IsLarge ? store.Large(entry).Length : entry.ValueLength,
            TimeToLive = keyspace.FreshFor(key, entry),
            Immutable = keyspace.IsImmutable(key),
            Payload = CopyPayload.Write(entry.Type, entry.Flags, entry.ExpiresAt, sendsBytes, sendsBytes ? entry.Value : default),
        };
    }

    // The size of a collection is that of its structure; whoever wants a big one asks for its manifest next.
    private AcquireAnswer AnswerOfObject(HeldAcquire asked, in BlobKey key, in EntryRef entry)
    {
        IObjectValue value = store.Object(entry);
        byte[] blob = [];
        if (asked.Item.VersionHad != entry.Version && value.MemoryBytes <= SentObjectBytesMax)
        {
            using var pieces = new BlobPieces();
            value.Write(pieces);
            if (pieces.Length <= CopyStore.SmallBytesMax)
                blob = pieces.ToArray();
        }

        return new(asked.Item.Key, asked.Item.Flight, entry.Version, AcquireStatus.Found)
        {
            Size = value.MemoryBytes,
            TimeToLive = keyspace.CollectionFreshFor(key, entry),
            Payload = CopyPayload.Write(entry.Type, entry.Flags, entry.ExpiresAt, blob.Length > 0, blob),
        };
    }

    private void Send(ulong instance, uint session, uint epoch, List<AcquireAnswer> answers)
    {
        // In frames that are far below their limit: what is small in itself may be much together.
        int from = 0, bytes = 0;
        HolderLink? link;
        lock (gate)
        {
            if (!links.TryGetValue(instance, out link))
                return;
            for (int at = 0; at < answers.Count; at++)
            {
                bytes += answers[at].Payload.Length;
                if (bytes < AnswerBytesAtOnce && at + 1 < answers.Count)
                    continue;
                MessageCodec.Write(new AcquireOk(instance, session, epoch, answers.GetRange(from, at + 1 - from)), frame);
                link.Channel.TryQueue(frame.Written);
                (from, bytes) = (at + 1, 0);
            }
        }

        link.Channel.Push();
    }

    private sealed class HolderLink(AuthorityHost host, IFrameChannel channel) : IFrameSink
    {
        public IFrameChannel Channel => channel;

        public ulong Instance { get; set; }

        /// <summary>The latest session that was begun on this connection.</summary>
        public uint Session { get; set; }

        public void Received(ReadOnlySpan<byte> frame) => host.Received(this, frame);

        public void Closed() => host.Closed(this);
    }
}
