using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree.Publication;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// Runs the authority's side of coherence: its lock, its clock, and the parts that keep the holders' channels, the changes and what waits for
/// publication. Order of locks: a shard's, then this host's.
/// </summary>
public sealed class AuthorityHost : IAuthorityOutput, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly IBlobStore store;
    private readonly IHolderLog holders;
    private readonly TimeProvider time;
    private readonly Authority authority;
    private readonly HolderLinks links = new();
    private readonly TrackedChanges tracked = new();
    private readonly ThreadLocal<ChangeGroup> groups = new(static () => new());
    private readonly CancellationTokenSource stopping = new();
    private readonly Publications publications;
    private readonly ChangeCollector changes;
    private readonly AcquireHandler acquires;
    private readonly TreeOptions options;
    private readonly ITimer timer;
    private bool ticksOften;
    private bool hasForgotten; // the holders of earlier epochs

    public AuthorityHost(TreeOptions options, Keyspace keyspace, uint epoch, IHolderLog holders, TimeProvider time, TreeStatistics statistics)
    {
        (this.options, this.holders, this.time, store) = (options, holders, time, keyspace.Store);
        authority = new(options.Coherence, time.TimestampFrequency, epoch, holders.Known, this, time.GetTimestamp());
        publications = new(gate, authority, store, links, statistics);
        changes = new(gate, authority, store, links, publications, tracked, groups, time);
        acquires = new(options, gate, authority, keyspace, links, publications, stopping.Token);
        store.AddSink(changes);
        timer = time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(options.TickInterval, options.IdleTickInterval);
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
                return publications.Count;
        }
    }

    /// <summary>Takes a holder's connection.</summary>
    public IFrameSink Accept(IFrameChannel channel) => new HolderLink(this, channel);

    /// <summary>
    /// Ends the changes of the command that ran on this thread, as one step, while it still has its locks; answers the ticket that its reply
    /// waits for, 0 for none. A writer that is named becomes a holder of the one key that it changed, once that is published, and is told.
    /// </summary>
    public long EndChanges(WriteMark writer = default) => changes.End(writer);

    /// <summary>The ticket that the reply of a command that read the key waits for, 0 for none; under its shard lock.</summary>
    public long TicketOf(in BlobKey key)
    {
        lock (gate)
            return publications.Noted(authority.Ticket(ChangeCollector.IdOf(key)));
    }

    /// <summary>Completes when what the ticket stands for is published; at once where it is already.</summary>
    public Task PublishedAsync(long ticket) => publications.PublishedAsync(ticket);

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
                links.Send(reader, [new KeyNotice(reader, given, 0)]);
        }
    }

    void IAuthorityOutput.Send(CoherenceMessage message) => links.Send(message);

    void IAuthorityOutput.Published(long ticket, bool writerRegistered) => publications.Published(ticket, writerRegistered);

    void IAuthorityOutput.Released(long token) => acquires.Released(token);

    void IAuthorityOutput.BarrierWanted() => ThreadPool.UnsafeQueueUserWorkItem(static host => host.PassBarrier(), this, preferLocal: false);

    public async ValueTask DisposeAsync()
    {
        store.RemoveSink(changes);
        await stopping.CancelAsync().ConfigureAwait(false);
        await timer.DisposeAsync().ConfigureAwait(false);
        lock (gate)
        {
            links.Close();
            publications.Cancel();
        }
    }

    internal void Received(HolderLink from, ReadOnlySpan<byte> bytes)
    {
        if (TrackingFrames.KindOf(bytes) != TrackingFrames.Kind.Prefixes)
        {
            Received(from, MessageCodec.Read(bytes));
            return;
        }

        (ulong instance, uint number, byte[][] prefixes) = TrackingFrames.ReadPrefixes(bytes);
        tracked.SetPrefixes(instance, prefixes);
        lock (gate)
            links.SendPrefixesKnown(from, number);
    }

    internal void Closed(HolderLink link)
    {
        lock (gate)
            links.Remove(link);
    }

    private void Received(HolderLink from, CoherenceMessage message)
    {
        if (message is Acquire acquire)
        {
            acquires.Take(acquire);
            return;
        }

        var hello = message as Hello;
        if (hello != null && !holders.TryAdd(hello.Instance))
            return; // the holder tries again
        lock (gate)
        {
            if (hello != null)
                links.Greeted(from, hello);
            authority.Receive(message, time.GetTimestamp());
        }
    }

    private void Tick()
    {
        bool forgets;
        lock (gate)
        {
            authority.Tick(time.GetTimestamp());
            publications.Tick();
            forgets = !hasForgotten && !authority.InGrace;
            hasForgotten |= forgets;

            // What begins to wait between two looks waits for seconds anyway, so nobody has to be woken for it.
            if (ticksOften != (authority.NeedsTicks || publications.Count > 0))
            {
                ticksOften = !ticksOften;
                TimeSpan interval = ticksOften ? options.TickInterval : options.IdleTickInterval;
                timer.Change(interval, interval);
            }
        }

        // Who did not come back in a whole lease has none, and each later start would wait for him again.
        if (forgets)
            holders.ForgetEarlier();
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

        long position = publications.Position;
        lock (gate)
        {
            authority.Barrier(position);
            publications.WantCommit(position);
        }
    }
}
