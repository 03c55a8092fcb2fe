using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.PubSub.Relay;

/// <summary>
/// A link to the instance above or to one below: what is subscribed to behind it, and what it has been told of this side. Its state is
/// changed under the relay's lock.
/// </summary>
internal sealed class RelayLink(MessageRelay relay, TimeProvider time) : IFrameSink
{
    private readonly HashSet<(SubscriptionKind Kind, byte[] Name)> dirty = new(NameComparer.Instance);
    private readonly Dictionary<(SubscriptionKind Kind, byte[] Name), int> told = new(NameComparer.Instance);
    private readonly Queue<(uint Number, TaskCompletionSource Known)> waiting = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FrameWriter frame = new();
    private EventClasses toldEvents;
    private bool toldAll;
    private bool isOverfull;
    private bool isWholeTold;
    private uint sent;
    private uint known;
    private long heardAt = time.GetTimestamp();

    /// <summary>Set before the first frame is sent.</summary>
    public IFrameChannel? Channel { get; set; }

    /// <summary>What is subscribed to behind it.</summary>
    public InterestTable Interest { get; } = new();

    /// <summary>Completes when the connection has ended.</summary>
    public Task Ended => ended.Task;

    /// <summary>Time since it was heard of.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref heardAt));

    public void Received(ReadOnlySpan<byte> frame)
    {
        Volatile.Write(ref heardAt, time.GetTimestamp());
        relay.Received(this, frame);
    }

    public void Closed()
    {
        relay.Closed(this);
        ended.TrySetResult();
    }

    /// <summary>A number of subscriptions has changed on this side.</summary>
    public void Mark(SubscriptionKind kind, byte[] name) => dirty.Add((kind, name));

    /// <summary>Sends a message; false where too much waits already.</summary>
    public bool TrySend(ReadOnlySpan<byte> message) => Channel is { } channel && channel.QueuedBytes + message.Length <= RelayLimits.QueueBytesMax && channel.TrySend(message);

    /// <summary>Tells what has changed on this side; all of it the first time.</summary>
    public void Tell()
    {
        if (Channel is null) return;
        EventClasses events = relay.EventsFor(this);
        var items = new List<InterestItem>();
        foreach ((SubscriptionKind kind, byte[] name) in dirty)
        {
            int count = relay.CountFor(this, kind, name);
            if (count == told.GetValueOrDefault((kind, name))) continue;
            if (count == 0)
            {
                told.Remove((kind, name));
            }
            else if (told.Count >= RelayLimits.NamesMax && !told.ContainsKey((kind, name)))
            {
                isOverfull = true;
                continue;
            }
            else
            {
                told[(kind, name)] = count;
            }

            items.Add(new(kind, name, count));
        }

        dirty.Clear();
        bool all = isOverfull || relay.IsAllFor(this);
        if (items.Count == 0 && all == toldAll && events == toldEvents && isWholeTold) return;
        (toldAll, toldEvents) = (all, events);
        Send(items);
        isWholeTold = true;
    }

    /// <summary>Whether names were left out that may be told by now.</summary>
    public bool MayTellMore => isOverfull && told.Count <= RelayLimits.NamesMax / 2;

    /// <summary>Names are no longer left out: the caller marks all there are.</summary>
    public void BeginAnew() => isOverfull = false;

    /// <summary>Completes when the other side has told everybody behind it of all that it has been told so far, or the link has ended.</summary>
    public Task SettledAsync()
    {
        if (Channel is null || known == sent) return Task.CompletedTask;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue((sent, done));
        return done.Task;
    }

    /// <summary>The other side has dealt with what it was told up to a number.</summary>
    public void Known(uint number)
    {
        known = Math.Max(known, Math.Min(number, sent));
        while (waiting.TryPeek(out (uint Number, TaskCompletionSource Known) first) && first.Number <= known)
            waiting.Dequeue().Known.TrySetResult();
    }

    /// <summary>The connection has ended, and does not come back.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Lets those go who wait for it.</summary>
    public void End()
    {
        (Channel, IsOver) = (null, true);
        while (waiting.TryDequeue(out (uint Number, TaskCompletionSource Known) next)) next.Known.TrySetResult();
    }

    /// <summary>Says that what came under a number is dealt with.</summary>
    public void TellKnown(uint number)
    {
        RelayFrames.WriteKnown(frame, number);
        Channel?.TrySend(frame.Written);
    }

    public void SendSignOfLife()
    {
        RelayFrames.WriteSignOfLife(frame);
        Channel?.TrySend(frame.Written);
    }

    private void Send(List<InterestItem> items)
    {
        InterestItem[] all = [.. items];
        int from = 0;
        do
        {
            int to = from;
            for (int bytes = 0; to < all.Length && bytes < RelayLimits.InterestBytesMax; to++) bytes += all[to].Name.Length;
            RelayFrames.InterestFlags flags = (toldAll ? RelayFrames.InterestFlags.All : 0) | (to == all.Length ? RelayFrames.InterestFlags.Whole : 0);
            RelayFrames.WriteInterest(frame, ++sent, flags, toldEvents, all.AsSpan(from, to - from));
            Channel?.TrySend(frame.Written);
            from = to;
        }
        while (from < all.Length);
    }

    private sealed class NameComparer : IEqualityComparer<(SubscriptionKind Kind, byte[] Name)>
    {
        public static readonly NameComparer Instance = new();

        public bool Equals((SubscriptionKind Kind, byte[] Name) x, (SubscriptionKind Kind, byte[] Name) y) =>
            x.Kind == y.Kind && x.Name.AsSpan().SequenceEqual(y.Name);

        public int GetHashCode((SubscriptionKind Kind, byte[] Name) of) => HashCode.Combine(of.Kind, Clients.ByteKeys.Comparer.GetHashCode(of.Name));
    }
}
