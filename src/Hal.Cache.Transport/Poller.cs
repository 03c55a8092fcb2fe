using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hal.Cache.Transport;

/// <summary>One thread that waits for the events of the loops that it drives and runs their turns.</summary>
internal sealed class Poller
{
    private const int EventsAtOnce = 256;

    private readonly LoopCrew crew;
    private readonly string name;
    private readonly int epoll;
    private readonly int waker = -1;
    private readonly EpollEvent[] events = new EpollEvent[EventsAtOnce];
    private volatile bool isStopping;
    private volatile Thread thread;
    private volatile int threadId;

    // How far the turn has come, for the thread that goes on with it.
    private int eventCount;
    private int eventsDone;
    private long turnStart;
    private long busyTicks;

    public Poller(LoopCrew crew, string name)
    {
        (this.crew, this.name) = (crew, name);
        thread = NewThread();
        threadId = thread.ManagedThreadId;
        epoll = Epoll.Create();
        try
        {
            waker = Epoll.CreateWaker();
            if (!Epoll.TryWatch(epoll, waker, Epoll.In, LoopTag.Waker.Value))
                throw new IOException($"The event loop's waker can't be watched: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        catch (IOException)
        {
            Close();
            throw;
        }
    }

    public bool IsCurrentThread => Environment.CurrentManagedThreadId == threadId;

    /// <summary>Time spent in turns, in ticks of <see cref="Stopwatch"/>.</summary>
    public long BusyTicks => Volatile.Read(ref busyTicks);

    public void Start()
    {
        try
        {
            thread.Start();
        }
        catch (OutOfMemoryException) // what the runtime throws where the system gives no thread
        {
            Close();
            throw;
        }
    }

    /// <summary>Edges of the connection's socket reach its loop from now on; false with the error in errno.</summary>
    public bool TryWatch(SocketConnection connection, LoopTag tag)
    {
        const uint Events = Epoll.In | Epoll.Out | Epoll.PeerClosed | Epoll.EdgeTriggered;
        return Epoll.TryWatch(epoll, (int)connection.Handle.DangerousGetHandle(), Events, tag.Value);
    }

    public void Unwatch(SocketConnection connection) => Epoll.Unwatch(epoll, (int)connection.Handle.DangerousGetHandle());

    public void Wake() => Epoll.Wake(waker);

    /// <summary>On the poller's thread: another thread goes on with the turn, this one ends when it comes back.</summary>
    public void Leave()
    {
        if (!IsCurrentThread)
            return;
        Thread next = NewThread();
        thread = next;
        threadId = next.ManagedThreadId;
        next.Start();
    }

    /// <summary>Waits for the end of the turn that runs, which is the last one.</summary>
    public void Stop()
    {
        isStopping = true;
        Wake();
        if (!IsCurrentThread)
            thread.Join();
    }

    /// <summary>Once nobody wakes it any more.</summary>
    public void Close()
    {
        if (waker >= 0)
            Epoll.Close(waker);
        Epoll.Close(epoll);
    }

    private Thread NewThread() => new(Run) { IsBackground = true, Name = name };

    private void Run()
    {
        _ = ShortTurns.Ask();
        while (TryFinishTurn() && !isStopping)
        {
            long now = Stopwatch.GetTimestamp();
            busyTicks += now - (turnStart == 0 ? now : turnStart);
            bool hasMore = crew.EndTurn(this, now);
            eventCount = Epoll.Wait(epoll, events, hasMore ? 0 : -1);
            eventsDone = 0;
            turnStart = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Runs what is left of the turn; false where another thread has taken over meanwhile.</summary>
    private bool TryFinishTurn()
    {
        while (eventsDone < eventCount)
        {
            EpollEvent signalled = events[eventsDone++];
            var tag = new LoopTag(signalled.Tag);
            if (tag == LoopTag.Waker)
                Epoll.Drain(waker);
            else
                crew.Loops[tag.Loop].Find(tag)?.Signalled(signalled.Events);
            if (!IsCurrentThread)
                return false;
        }

        foreach (EventLoop loop in crew.Loops)
        {
            if (loop.IsDrivenBy(this) && !loop.TryFinishTurn())
                return false;
        }

        return true;
    }
}
