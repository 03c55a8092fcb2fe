using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Reclaim;

/// <summary>The store's two background threads: one for memory, expiry and the clock, one for the log, which may wait for the disk.</summary>
internal sealed class Reclaimer : IDisposable
{
    /// <summary>Time between two looks for memory that nobody used meanwhile.</summary>
    private const uint TrimSeconds = 2;

    private readonly StoreCore core;
    private readonly ExpiryCycle expiry;
    private readonly MemoryReclaim memory;
    private readonly LogReclaim? segments;
    private readonly AutoResetEvent memoryWork = new(false);
    private readonly AutoResetEvent logWork = new(false);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Thread> threads = [];
    private readonly ITimer timer;
    private uint trimmedAt;
    private volatile bool drain;
    private volatile bool expires = true;
    private volatile bool memoryAwake;
    private volatile bool logAwake;

    public Reclaimer(StoreCore core, SpaceLog spaces, BlobStoreOptions options, TimeProvider time)
    {
        this.core = core;
        expiry = new ExpiryCycle(core);
        memory = new MemoryReclaim(core, new Random(1));
        segments = core.Log != null ? new LogReclaim(core, spaces, new MemoryReclaim(core, new Random(2))) : null;
        core.Room.Wanted += Wake;
        core.Objects.Graveyard.Filled += Bury;
        Start("hal-memory", RunMemory);
        if (segments != null)
            Start("hal-log", RunLog);
        timer = time.CreateTimer(_ => Tick(), null, options.ExpiryInterval, options.ExpiryInterval);
    }

    /// <summary>Whether expired entries are looked for.</summary>
    public bool ExpiresActively
    {
        get => expires;
        set => expires = value;
    }

    /// <summary>Has the entries of emptied databases removed.</summary>
    public void Drain()
    {
        drain = true;
        memoryWork.Set();
    }

    public void Stop()
    {
        core.Room.Wanted -= Wake;
        core.Objects.Graveyard.Filled -= Bury;
        timer.Dispose();
        stopping.Cancel();
        memoryWork.Set();
        logWork.Set();
        foreach (Thread thread in threads)
            thread.Join();
    }

    public void Dispose()
    {
        stopping.Dispose();
        memoryWork.Dispose();
        logWork.Dispose();
        timer.Dispose();
    }

    private void Start(string name, ThreadStart run)
    {
        var thread = new Thread(run) { Name = name, IsBackground = true };
        threads.Add(thread);
        thread.Start();
    }

    private void Tick()
    {
        core.MoveClock();
        memoryWork.Set();
    }

    private void Wake()
    {
        // Every write asks while there is little room: one wake-up is enough until the thread has looked.
        if (core.Room.MemoryIsShort && !memoryAwake)
        {
            memoryAwake = true;
            memoryWork.Set();
        }

        if ((core.Room.LogIsShort || core.Room.LiveIsShort) && !logAwake)
        {
            logAwake = true;
            logWork.Set();
        }
    }

    private void Bury() => memoryWork.Set();

    private void RunMemory()
    {
        while (!stopping.IsCancellationRequested)
        {
            memoryWork.WaitOne();
            memoryAwake = true;
            core.Objects.Graveyard.Empty();
            core.Packer.Run();
            if (core.Clock - trimmedAt >= TrimSeconds)
            {
                trimmedAt = core.Clock;
                core.Pool.Trim();
            }

            if (expires && !core.KeepsExpired)
                expiry.Run();
            if (drain)
            {
                drain = false;
                expiry.Drain();
            }

            if (core.Room.MemoryIsShort && !stopping.IsCancellationRequested)
                memory.Run();
            memoryAwake = false;
            if (core.Room.LogIsShort || core.Room.LiveIsShort)
                logWork.Set();
        }
    }

    private void RunLog()
    {
        while (!stopping.IsCancellationRequested)
        {
            logWork.WaitOne();
            logAwake = true;
            try
            {
                segments!.Run(stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (IOException)
            {
                // The log tells its health; the next write that needs room brings us back.
            }

            logAwake = false;
        }
    }
}
