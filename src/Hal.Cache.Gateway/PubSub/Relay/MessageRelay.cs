using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.PubSub.Relay;

/// <summary>
/// An instance's part of pub/sub over the tree, by subscription forwarding along the tree's links (as in Siena, Carzaniga et al. 2001): each
/// instance knows of each link what is subscribed to behind it, delivers a message here, and passes it on over the links that want it, never
/// back. There is one path between two instances, so a message comes once, and those of one publisher in their order.
/// </summary>
internal sealed class MessageRelay : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly ChannelHub channels;
    private readonly KeyspaceNotifications notifications;
    private readonly string? parent;
    private readonly string root;
    private readonly IPeerClient peers;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();
    private readonly ThreadLocal<FrameWriter> frames = new(static () => new());
    private volatile RelayLink[] links = [];
    private Task connecting = Task.CompletedTask;
    private ITimer? timer;
    private bool tellsSoon;
    private long dropped;

    /// <param name="parent">Name of the instance above this one; null at the root.</param>
    /// <param name="root">Name of the root, which takes the parent's place where that can't be reached.</param>
    public MessageRelay(ChannelHub channels, KeyspaceNotifications notifications, string? parent, string root, IPeerClient peers, TimeProvider time)
    {
        (this.channels, this.notifications, this.parent, this.root, this.peers, this.time) = (channels, notifications, parent, root, peers, time);
        channels.Changed += Changed;
    }

    /// <summary>Messages and events that were not passed on because too much waited for an instance.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Instances that messages are exchanged with now.</summary>
    public int LinkCount => links.Length;

    /// <summary>Classes of keyspace events that other instances ask for.</summary>
    public EventClasses EventsElsewhere
    {
        get
        {
            EventClasses events = EventClasses.None;
            foreach (RelayLink link in links) events |= link.Interest.Events;
            return events;
        }
    }

    /// <summary>Called when other instances ask for other classes of events than before.</summary>
    public Action EventsChanged { get; set; } = static () => { };

    /// <summary>Begins to keep up a link to the instance above.</summary>
    public void Start()
    {
        timer = time.CreateTimer(_ => Look(), null, RelayLimits.SignOfLife, RelayLimits.SignOfLife);
        if (parent is not null) connecting = Task.Run(ConnectAsync);
    }

    /// <summary>Delivers a message here and passes it on; returns how many subscriptions get it, as far as they are known by name.</summary>
    /// <param name="running">The client on whose behalf this thread runs, 0 for none.</param>
    /// <exception cref="ArgumentException">It is too long for other instances, which want it.</exception>
    public int Publish(SubscriptionKind kind, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message, long running)
    {
        int elsewhere = PassOn(null, kind, EventClasses.None, channel, message, default);
        return elsewhere + (kind == SubscriptionKind.ShardChannel ? channels.PublishShard(channel, message, running) : channels.Publish(channel, message, running));
    }

    /// <summary>Passes a keyspace event on to the instances that ask for its classes.</summary>
    public void PassOn(EventClasses classes, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message) =>
        PassOn(null, SubscriptionKind.Channel, classes, channel, message, default);

    /// <summary>Whether some other instance wants a keyspace event.</summary>
    public bool Wants(EventClasses classes, ReadOnlySpan<byte> channel)
    {
        foreach (RelayLink link in links)
        {
            if (link.Interest.Wants(classes, channel)) return true;
        }

        return false;
    }

    /// <summary>Names that others are subscribed to, as far as they are told.</summary>
    public IEnumerable<byte[]> NamesElsewhere(SubscriptionKind kind) => links.SelectMany(link => link.Interest.Of(kind).Keys);

    /// <summary>Number of subscriptions elsewhere to a channel or pattern.</summary>
    public int CountElsewhere(SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        int count = 0;
        foreach (RelayLink link in links) count += link.Interest.CountOf(kind, name);
        return count;
    }

    /// <summary>
    /// Tells the others what has changed here; completes when they know, or after <see cref="RelayLimits.SettleTimeout"/>. Instances that are cut
    /// off are not waited for: they are told when they are back.
    /// </summary>
    public Task SettleAsync()
    {
        Task settled;
        lock (gate)
        {
            TellAll(except: null);
            settled = SettledAsync(except: null);
        }

        return settled.IsCompleted ? settled : LimitedAsync(settled);

        async Task LimitedAsync(Task task) =>
            await task.WaitAsync(RelayLimits.SettleTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        channels.Changed -= Changed;
        await stopping.CancelAsync().ConfigureAwait(false);
        if (timer is not null) await timer.DisposeAsync().ConfigureAwait(false);
        foreach (RelayLink link in links) link.Channel?.Close();
        await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    internal int CountFor(RelayLink link, SubscriptionKind kind, byte[] name)
    {
        int count = channels.SubscriberCount(kind, name);
        foreach (RelayLink other in links)
        {
            if (other != link) count += other.Interest.CountOf(kind, name);
        }

        return count;
    }

    internal bool IsAllFor(RelayLink link) => Array.Exists(links, other => other != link && other.Interest.IsAll);

    internal EventClasses EventsFor(RelayLink link)
    {
        EventClasses events = notifications.Classes;
        foreach (RelayLink other in links)
        {
            if (other != link) events |= other.Interest.Events;
        }

        return events;
    }

    internal void Received(RelayLink from, ReadOnlySpan<byte> frame)
    {
        switch (RelayFrames.KindOf(frame))
        {
            case RelayFrames.Kind.Message:
                Deliver(from, frame);
                break;
            case RelayFrames.Kind.Interest:
                Learn(from, frame);
                break;
            case RelayFrames.Kind.InterestKnown:
                uint number = RelayFrames.ReadKnown(frame);
                lock (gate) from.Known(number);
                break;
        }
    }

    internal void Closed(RelayLink link)
    {
        lock (gate)
        {
            link.End();
            if (!Array.Exists(links, one => one == link)) return;
            links = [.. links.Where(one => one != link)];
            foreach (RelayLink other in links) Mark(other, link.Interest);
            TellAll(except: null);
        }

        EventsChanged();
    }

    private void Changed(SubscriptionKind kind, byte[] name)
    {
        if (links.Length == 0) return;
        lock (gate)
        {
            foreach (RelayLink link in links) link.Mark(kind, name);
            if (tellsSoon) return;
            tellsSoon = true;
        }

        // Much may change at once, as when a client leaves: it is told together.
        ThreadPool.UnsafeQueueUserWorkItem(static relay => relay.TellSoon(), this, preferLocal: false);
    }

    private void TellSoon()
    {
        lock (gate)
        {
            tellsSoon = false;
            TellAll(except: null);
        }
    }

    private void TellAll(RelayLink? except)
    {
        foreach (RelayLink link in links)
        {
            if (link == except) continue;
            if (link.MayTellMore)
            {
                link.BeginAnew();
                MarkAll(link);
            }

            link.Tell();
        }
    }

    private Task SettledAsync(RelayLink? except)
    {
        List<Task>? open = null;
        foreach (RelayLink link in links)
        {
            if (link != except && link.SettledAsync() is { IsCompleted: false } task) (open ??= []).Add(task);
        }

        return open is null ? Task.CompletedTask : Task.WhenAll(open);
    }

    private void MarkAll(RelayLink link)
    {
        foreach (SubscriptionKind kind in Enum.GetValues<SubscriptionKind>())
        {
            foreach (byte[] name in channels.Names(kind, null)) link.Mark(kind, name);
        }

        foreach (RelayLink other in links)
        {
            if (other != link) Mark(link, other.Interest);
        }
    }

    private static void Mark(RelayLink link, InterestTable names)
    {
        foreach (SubscriptionKind kind in Enum.GetValues<SubscriptionKind>())
        {
            foreach (byte[] name in names.Of(kind).Keys) link.Mark(kind, name);
        }
    }

    /// <summary>Takes the link of an instance below, which speaks first, so that its end is ready for what it is told.</summary>
    public IFrameSink Accept(IFrameChannel channel)
    {
        RelayLink[] former;
        var link = new RelayLink(this, time);
        lock (gate)
        {
            former = [.. links.Where(other => other.Channel?.Peer == channel.Peer)];
            link.Channel = channel;
        }

        foreach (RelayLink old in former) old.Channel?.Close();
        return link;
    }

    private void Join(RelayLink link)
    {
        if (Array.Exists(links, one => one == link)) return;
        links = [.. links, link];
        MarkAll(link);
        link.Tell();
    }

    private void Learn(RelayLink from, ReadOnlySpan<byte> frame)
    {
        (uint number, RelayFrames.InterestFlags flags, EventClasses events, InterestItem[] items) = RelayFrames.ReadInterest(frame);
        Task settled;
        bool eventsChange;
        lock (gate)
        {
            if (from.Channel is null) return; // it has ended meanwhile
            Join(from);
            InterestTable interest = from.Interest;
            eventsChange = interest.Events != events;
            interest.Events = events;
            interest.IsAll = flags.HasFlag(RelayFrames.InterestFlags.All);
            foreach (InterestItem item in items)
            {
                interest.Set(item);
                foreach (RelayLink other in links)
                {
                    if (other != from) other.Mark(item.Kind, item.Name);
                }
            }

            if (flags.HasFlag(RelayFrames.InterestFlags.Whole)) interest.IsWhole = true;
            TellAll(except: from);
            settled = SettledAsync(except: from);
        }

        if (eventsChange) EventsChanged();
        _ = AnswerAsync(from, number, settled);
    }

    private async Task AnswerAsync(RelayLink from, uint number, Task settled)
    {
        await settled.ConfigureAwait(false);
        lock (gate) from.TellKnown(number);
    }

    private void Deliver(RelayLink from, ReadOnlySpan<byte> frame)
    {
        RelayFrames.ReadMessage(frame, out SubscriptionKind kind, out EventClasses classes, out ReadOnlySpan<byte> channel, out ReadOnlySpan<byte> message);
        PassOn(from, kind, classes, channel, message, frame);
        if (kind == SubscriptionKind.ShardChannel) channels.PublishShard(channel, message, 0);
        else if (classes == EventClasses.None || classes.IsAskedBy(notifications.Classes)) channels.Publish(channel, message, 0);
    }

    // The frame is written once, however many links it goes to.
    private int PassOn(
        RelayLink? from, SubscriptionKind kind, EventClasses classes, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message, ReadOnlySpan<byte> frame)
    {
        int known = 0;
        foreach (RelayLink link in links)
        {
            if (link == from) continue;
            int receivers = 0;
            if (!(classes == EventClasses.None ? link.Interest.Wants(kind, channel, out receivers) : link.Interest.Wants(classes, channel))) continue;
            if (frame.IsEmpty)
            {
                if (channel.Length + message.Length > RelayLimits.MessageBytesMax) throw new ArgumentException("The message is too long for other instances.", nameof(message));
                FrameWriter writer = frames.Value!;
                RelayFrames.WriteMessage(writer, kind, classes, channel, message);
                frame = writer.Written;
            }

            known += receivers;
            if (!link.TrySend(frame)) Interlocked.Increment(ref dropped);
        }

        return known;
    }

    private async Task ConnectAsync()
    {
        for (int failures = 0; !stopping.IsCancellationRequested;)
        {
            // A parent that does not come back is passed over, until the link to the root ends in its turn.
            string to = failures < RelayLimits.ParentTries ? parent! : root;
            var link = new RelayLink(this, time);
            Result<IFrameChannel> channel = await peers.ConnectAsync(to, PeerChannelKind.Messages, link, stopping.Token).ConfigureAwait(false);
            if (channel.IsOk)
            {
                failures = 0;
                lock (gate)
                {
                    if (!link.IsOver)
                    {
                        link.Channel = channel.Value;
                        Join(link);
                    }
                }

                await link.Ended.WaitAsync(stopping.Token).ConfigureAwait(false);
            }
            else
            {
                failures = (failures + 1) % (2 * RelayLimits.ParentTries);
            }

            await Task.Delay(RelayLimits.ReconnectPause, time, stopping.Token).ConfigureAwait(false);
        }
    }

    private void Look()
    {
        foreach (RelayLink link in links)
        {
            if (link.Silence > RelayLimits.SilenceMax)
            {
                link.Channel?.Close();
                continue;
            }

            lock (gate) link.SendSignOfLife();
        }
    }
}
