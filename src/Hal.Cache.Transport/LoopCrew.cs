using System.Diagnostics;

namespace Hal.Cache.Transport;

/// <summary>The event loops of the process and the threads that drive them: as few as get the most done, see <see cref="ThreadGovernor"/>.</summary>
internal sealed class LoopCrew : IDisposable
{
    private readonly Lock gate = new();
    private readonly ThreadGovernor governor;
    private readonly Poller?[] pollers;
    private long lookedAt = Stopwatch.GetTimestamp();
    private long nextLook;
    private long busyBefore;
    private long bytesBefore;
    private volatile int active = 1;
    private bool isStopping;

    public LoopCrew(int loops)
    {
        governor = new(loops);
        pollers = new Poller?[loops];
        Poller first = pollers[0] = new(this, "hal-loop-0");
        Loops = [.. Enumerable.Range(0, loops).Select(number => new EventLoop(number, first))];
        first.Start();
    }

    public EventLoop[] Loops { get; }

    /// <summary>Threads that drive loops.</summary>
    public int Active => active;

    /// <summary>
    /// On a poller's thread between two turns: hands over the loops that are another one's by now; whether one that it keeps has more to do at once.
    /// </summary>
    public bool EndTurn(Poller poller, long now)
    {
        if (now >= Volatile.Read(ref nextLook))
            Look(now);
        int count = active;
        bool hasMore = false;
        for (int number = 0; number < Loops.Length; number++)
        {
            EventLoop loop = Loops[number];
            if (!loop.IsDrivenBy(poller))
                continue;
            Poller owner = pollers[number % count]!;
            if (owner != poller)
                loop.MoveTo(owner);
            else
                hasMore |= loop.HasMore;
        }

        return hasMore;
    }

    /// <summary>Spreads the loops over so many threads; each is handed over when the thread that drives it has ended its turn.</summary>
    public void Spread(int threads)
    {
        lock (gate)
        {
            if (isStopping)
                return;
            for (int number = 0; number < threads; number++)
            {
                if (pollers[number] != null)
                    continue;
                var made = new Poller(this, $"hal-loop-{number}");
                made.Start();
                pollers[number] = made;
            }

            active = threads;
            foreach (Poller? poller in pollers)
                poller?.Wake();
        }
    }

    public void Dispose()
    {
        lock (gate)
            isStopping = true; // no poller is made or woken by another from now on
        foreach (EventLoop loop in Loops)
            loop.Stop();
        foreach (Poller? poller in pollers)
            poller?.Stop();
        foreach (Poller? poller in pollers)
            poller?.Close();
        foreach (EventLoop loop in Loops)
            loop.LeavePosted();
    }

    private void Look(long now)
    {
        if (Loops.Length == 1 || !gate.TryEnter())
            return;
        try
        {
            if (now < nextLook)
                return; // another thread has just looked
            long busy = pollers.Sum(static poller => poller?.BusyTicks ?? 0);
            long bytes = Loops.Sum(static loop => loop.BytesMoved);
            long elapsed = now - lookedAt;
            var window = new LoopWindow(Stopwatch.GetElapsedTime(0, elapsed), (double)(busy - busyBefore) / elapsed, bytes - bytesBefore);
            (lookedAt, busyBefore, bytesBefore) = (now, busy, bytes);
            Volatile.Write(ref nextLook, now + (long)(ThreadGovernor.Window.TotalSeconds * Stopwatch.Frequency));
            int threads = governor.Look(window);
            if (threads != active)
                Spread(threads);
        }
        catch (Exception e) when (e is IOException or OutOfMemoryException)
        {
            // No descriptors or no thread left for another poller: those that run go on with all loops.
            governor.Refused(active);
        }
        finally
        {
            gate.Exit();
        }
    }
}
