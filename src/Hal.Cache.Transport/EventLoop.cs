using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Transport;

/// <summary>One thread that polls the sockets of many connections and runs those that wait for what has come.</summary>
internal sealed class EventLoop : IConnectionLoop, IDisposable
{
    private const int EventsAtOnce = 256;
    private const ulong WakerTag = ulong.MaxValue;

    private readonly int epoll = Epoll.Create();
    private readonly int waker = Epoll.CreateWaker();
    private readonly string name;
    private readonly EpollEvent[] events = new EpollEvent[EventsAtOnce];
    private readonly Lock gate = new();
    private readonly List<SocketConnection?> slots = [];
    private readonly Stack<int> freeSlots = new();
    private readonly List<uint> generations = [];
    private List<SocketConnection> again = [];
    private List<SocketConnection> next = [];
    private readonly Queue<ILoopWork> atEnd = new();
    private readonly ConcurrentQueue<ILoopWork> posted = new();
    private volatile bool isStopping;
    private volatile Thread thread;

    // How far the turn has come, for the thread that goes on with it.
    private int eventCount;
    private int eventsDone;
    private int againDone;

    public EventLoop(string name)
    {
        if (!Epoll.TryWatch(epoll, waker, Epoll.In, WakerTag))
            throw new IOException($"The event loop's waker can't be watched: {Marshal.GetLastPInvokeErrorMessage()}.");
        this.name = name;
        thread = NewThread();
        thread.Start();
    }

    public bool IsCurrentThread => Environment.CurrentManagedThreadId == thread.ManagedThreadId;

    /// <summary>Begins to watch a connection's socket; what comes from now on reaches its reader and writer.</summary>
    public void Add(SocketConnection connection)
    {
        ulong tag;
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
            tag = ((ulong)generations[slot] << 32) | (uint)slot;
        }

        const uint Events = Epoll.In | Epoll.Out | Epoll.PeerClosed | Epoll.EdgeTriggered;
        if (Epoll.TryWatch(epoll, (int)connection.Handle.DangerousGetHandle(), Events, tag))
            return;
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

    /// <summary>On the loop's thread: the connection's socket has more, which is read when the others had their turn.</summary>
    public void Requeue(SocketConnection connection) => next.Add(connection);

    public void AtEndOfTurn(ILoopWork work) => atEnd.Enqueue(work);

    public void Leave()
    {
        if (!IsCurrentThread)
            return;
        Thread next = NewThread();
        thread = next;
        next.Start();
    }

    public void Post(ILoopWork work)
    {
        lock (gate)
        {
            if (!isStopping)
            {
                posted.Enqueue(work);
                Epoll.Wake(waker);
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(static left => left.Run(), work, preferLocal: false);
    }

    public void Dispose()
    {
        lock (gate)
        {
            isStopping = true;
            Epoll.Wake(waker);
        }

        if (!IsCurrentThread)
            thread.Join();
        Epoll.Close(waker);
        Epoll.Close(epoll);
    }

    private Thread NewThread() => new(Run) { IsBackground = true, Name = name };

    private void Run()
    {
        while (TryFinishTurn() && !isStopping)
        {
            eventCount = Epoll.Wait(epoll, events, next.Count > 0 ? 0 : -1);
            eventsDone = 0;
        }

        if (IsCurrentThread)
            RunPosted();
    }

    /// <summary>Runs what is left of the turn; false where another thread has taken the loop over meanwhile.</summary>
    private bool TryFinishTurn()
    {
        while (eventsDone < eventCount)
        {
            EpollEvent signalled = events[eventsDone++];
            if (signalled.Tag == WakerTag)
                RunPosted();
            else
                Find(signalled.Tag)?.Signalled(signalled.Events);
            if (!IsCurrentThread)
                return false;
        }

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

    private void RunPosted()
    {
        Epoll.Drain(waker);
        while (posted.TryDequeue(out ILoopWork? work))
        {
            work.Run();
            if (IsCurrentThread || posted.IsEmpty)
                continue;
            Epoll.Wake(waker); // what is left is the other thread's
            return;
        }
    }

    private SocketConnection? Find(ulong tag)
    {
        int slot = (int)(uint)tag;
        lock (gate)
            return slot < slots.Count && generations[slot] == (uint)(tag >> 32) ? slots[slot] : null;
    }
}
