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
    private readonly Thread thread;
    private readonly Lock gate = new();
    private readonly List<SocketConnection?> slots = [];
    private readonly Stack<int> freeSlots = new();
    private readonly List<uint> generations = [];
    private List<SocketConnection> again = [];
    private List<SocketConnection> next = [];
    private readonly Queue<ILoopWork> atEnd = new();
    private readonly ConcurrentQueue<ILoopWork> posted = new();
    private volatile bool isStopping;

    public EventLoop(string name)
    {
        if (!Epoll.TryWatch(epoll, waker, Epoll.In, WakerTag))
            throw new IOException($"The event loop's waker can't be watched: {Marshal.GetLastPInvokeErrorMessage()}.");
        thread = new Thread(Run) { IsBackground = true, Name = name };
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
        if (!Epoll.TryWatch(epoll, (int)connection.Handle.DangerousGetHandle(), Events, tag))
            throw new IOException($"A connection can't be watched: {Marshal.GetLastPInvokeErrorMessage()}.");
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

    private void Run()
    {
        var events = new EpollEvent[EventsAtOnce];
        while (!isStopping)
        {
            int count = Epoll.Wait(epoll, events, next.Count > 0 ? 0 : -1);
            for (int at = 0; at < count; at++)
            {
                if (events[at].Tag == WakerTag)
                    RunPosted();
                else
                    Find(events[at].Tag)?.Signalled(events[at].Events);
            }

            if (next.Count > 0)
            {
                (again, next) = (next, again);
                foreach (SocketConnection connection in again)
                    connection.ReadAgain();
                again.Clear();
            }

            while (atEnd.TryDequeue(out ILoopWork? work))
                work.Run();
        }

        RunPosted();
    }

    private void RunPosted()
    {
        Epoll.Drain(waker);
        while (posted.TryDequeue(out ILoopWork? work))
            work.Run();
    }

    private SocketConnection? Find(ulong tag)
    {
        int slot = (int)(uint)tag;
        lock (gate)
            return slot < slots.Count && generations[slot] == (uint)(tag >> 32) ? slots[slot] : null;
    }
}
