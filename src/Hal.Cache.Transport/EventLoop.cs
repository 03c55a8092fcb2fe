using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Transport;

/// <summary>Many connections that one thread runs at a time: that of the poller which drives the loop, alone or with others.</summary>
internal sealed class EventLoop(int number, Poller first) : IConnectionLoop
{
    private readonly Lock gate = new();
    private readonly List<SocketConnection?> slots = [];
    private readonly Stack<int> freeSlots = new();
    private readonly List<uint> generations = [];
    private List<SocketConnection> again = [];
    private List<SocketConnection> next = [];
    private readonly Queue<ILoopWork> atEnd = new();
    private readonly ConcurrentQueue<ILoopWork> posted = new();
    private volatile Poller poller = first;
    private bool isStopping;
    private int againDone; // how far the turn has come, for the thread that goes on with it

    public bool IsCurrentThread => poller.IsCurrentThread;

    /// <summary>
    /// Whether connections are to be read again at once, or work waits: also what another loop of the same thread, which had its turn later, put at the end of this
    /// one's.
    /// </summary>
    public bool HasMore => next.Count > 0 || atEnd.Count > 0 || !posted.IsEmpty;

    /// <summary>Bytes received and sent, as a measure of what gets done; one that is lost where two threads count matters to nobody.</summary>
    public long BytesMoved { get; private set; }

    public void Moved(int bytes) => BytesMoved += bytes;

    public bool IsDrivenBy(Poller other) => poller == other;

    /// <summary>Begins to watch a connection's socket; what comes from now on reaches its reader and writer.</summary>
    public void Add(SocketConnection connection)
    {
        lock (gate)
        {
            if (!freeSlots.TryPop(out int slot))
            {
                slot = slots.Count;
                slots.Add(null);
                generations.Add(0);
            }

            slots[slot] = connection;
            connection.Slot = slot;
            if (poller.TryWatch(connection, TagOf(slot)))
                return;
        }

        var failure = new IOException($"A connection can't be watched: {Marshal.GetLastPInvokeErrorMessage()}.");
        Remove(connection);
        throw failure;
    }

    /// <summary>Forgets a connection, whose socket is about to be closed; an event of it that is under way finds nothing.</summary>
    public void Remove(SocketConnection connection)
    {
        lock (gate)
        {
            int slot = connection.Slot;
            if (slot < 0)
                return;
            slots[slot] = null;
            generations[slot]++;
            freeSlots.Push(slot);
            connection.Slot = -1;
        }
    }

    /// <summary>The connection that an event's tag names, null where it is gone.</summary>
    public SocketConnection? Find(LoopTag tag)
    {
        lock (gate)
            return tag.Slot < slots.Count && tag == TagOf(tag.Slot) ? slots[tag.Slot] : null;
    }

    /// <summary>On the loop's thread: the connection's socket has more, which is read when the others had their turn.</summary>
    public void Requeue(SocketConnection connection) => next.Add(connection);

    public void AtEndOfTurn(ILoopWork work) => atEnd.Enqueue(work);

    public void Leave() => poller.Leave();

    public void Post(ILoopWork work)
    {
        lock (gate)
        {
            if (!isStopping)
            {
                posted.Enqueue(work);
                poller.Wake();
                return;
            }
        }

        RunOnPool(work);
    }

    /// <summary>On the loop's thread, with a turn ended: another poller drives the loop from now on.</summary>
    public void MoveTo(Poller other)
    {
        List<SocketConnection>? lost = null;
        lock (gate)
        {
            Poller before = poller;
            poller = other;
            for (int slot = 0; slot < slots.Count; slot++)
            {
                if (slots[slot] is not { } connection)
                    continue;
                before.Unwatch(connection);
                if (!other.TryWatch(connection, TagOf(slot)))
                    (lost ??= []).Add(connection);
            }
        }

        other.Wake(); // for what was posted or put back before
        foreach (SocketConnection connection in lost ?? [])
            connection.Break();
    }

    /// <summary>What is posted from now on goes to the thread pool.</summary>
    public void Stop()
    {
        lock (gate)
            isStopping = true;
    }

    /// <summary>Once no poller runs: what was posted before the stop goes to the thread pool too.</summary>
    public void LeavePosted()
    {
        while (posted.TryDequeue(out ILoopWork? work))
            RunOnPool(work);
    }

    /// <summary>Runs what is left of the turn; false where another thread has taken the loop over meanwhile.</summary>
    public bool TryFinishTurn()
    {
        if (!TryRunPosted())
            return false;
        if (againDone == again.Count)
        {
            again.Clear();
            againDone = 0;
            (again, next) = (next, again);
        }

        while (againDone < again.Count)
        {
            again[againDone++].ReadAgain();
            if (!IsCurrentThread)
                return false;
        }

        while (atEnd.TryDequeue(out ILoopWork? work))
        {
            work.Run();
            if (!IsCurrentThread)
                return false;
        }

        return true;
    }

    private bool TryRunPosted()
    {
        while (posted.TryDequeue(out ILoopWork? work))
        {
            work.Run();
            if (!IsCurrentThread)
                return false;
        }

        return true;
    }

    private static void RunOnPool(ILoopWork work) =>
        ThreadPool.UnsafeQueueUserWorkItem(static left => left.Run(), work, preferLocal: false);

    private LoopTag TagOf(int slot) => new(number, generations[slot], slot);
}
