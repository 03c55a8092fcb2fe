using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.PubSub.Relay;

/// <summary>
/// Keyspace events on their way to other instances, in the order of their changes. One goes out when its change is published: whoever hears
/// of it there and reads the key gets the new value, since every copy of the old one is gone. Thread-safe.
/// </summary>
internal sealed class EventQueue(MessageRelay relay, AuthorityHost? authority) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Queue<Event> events = new();
    private readonly ThreadLocal<List<Event>> open = new(static () => []);
    private volatile int openCount;
    private long dropped;

    /// <summary>Events that were given up because too many waited.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Whether events wait to hear what they wait for; <see cref="Release"/> tells them.</summary>
    public bool HasOpen => openCount > 0;

    /// <summary>Adds an event; that of a change waits for <see cref="Release"/>, which the thread that made it calls before it lets go of its locks.</summary>
    public void Add(EventClasses classes, byte[] channel, ReadOnlySpan<byte> message, bool isChange)
    {
        if (!relay.Wants(classes, channel)) return;
        var one = new Event(classes, channel, message.ToArray()) { IsReady = authority is null || !isChange };
        lock (gate)
        {
            if (events.Count >= RelayLimits.EventsHeldMax)
            {
                Interlocked.Increment(ref dropped);
                return;
            }

            events.Enqueue(one);
            if (one.IsReady) PassOn();
        }

        if (one.IsReady) return;
        open.Value!.Add(one);
        Interlocked.Increment(ref openCount);
    }

    /// <summary>The events of this thread's changes wait for the publication that a ticket stands for, 0 for none.</summary>
    public void Release(long ticket)
    {
        List<Event> mine = open.Value!;
        if (mine.Count == 0) return;
        Event[] all = [.. mine];
        mine.Clear();
        Interlocked.Add(ref openCount, -all.Length);
        Task published = ticket == 0 ? Task.CompletedTask : authority!.PublishedAsync(ticket);
        if (published.IsCompleted) Ready(all);
        else _ = ReadyAsync(all, published);
    }

    public void Dispose() => open.Dispose();

    private async Task ReadyAsync(Event[] all, Task published)
    {
        await published.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Ready(all);
    }

    private void Ready(Event[] all)
    {
        lock (gate)
        {
            foreach (Event one in all) one.IsReady = true;
            PassOn();
        }
    }

    private void PassOn()
    {
        while (events.TryPeek(out Event? first) && first.IsReady)
        {
            events.Dequeue();
            relay.PassOn(first.Classes, first.Channel, first.Message);
        }
    }

    private sealed record Event(EventClasses Classes, byte[] Channel, byte[] Message)
    {
        public bool IsReady { get; set; }
    }
}
