namespace Hal.Cache.Storage.Log;

/// <summary>
/// Threads for reads that wait for the disk. On the thread pool, which has as many threads as cores at first, such reads would hold up
/// everything else that runs there, and too few would reach the disk at once.
/// </summary>
internal sealed class ReadThreads(Func<long, int, Memory<byte>, int> read) : IDisposable
{
    public const int ThreadsMax = 8;

    private readonly object gate = new(); // a monitor, since threads wait on it
    private readonly Queue<Job> jobs = new();
    private int threads;
    private int idle;
    private bool stopping;

    public Task<int> ReadAsync(long segment, int offset, Memory<byte> buffer)
    {
        var job = new Job(segment, offset, buffer);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            jobs.Enqueue(job);
            if (idle >= jobs.Count || threads == ThreadsMax)
                Monitor.Pulse(gate);
            else
                new Thread(Run) { IsBackground = true, Name = $"hal-log-reader-{++threads}" }.Start();
        }

        return job.Task;
    }

    /// <summary>Ends the threads; reads that wait are done first.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.PulseAll(gate);
            while (threads > 0)
                Monitor.Wait(gate);
        }
    }

    private void Run()
    {
        while (Take() is { } job)
        {
            try
            {
                job.SetResult(read(job.Segment, job.Offset, job.Buffer));
            }
            catch (Exception e) // the reader's to judge
            {
                job.SetException(e);
            }
        }
    }

    private Job? Take()
    {
        lock (gate)
        {
            idle++;
            Job? job;
            while (!jobs.TryDequeue(out job) && !stopping)
                Monitor.Wait(gate);
            idle--;
            if (job is not null)
                return job;
            threads--;
            Monitor.PulseAll(gate);
            return null;
        }
    }

    private sealed class Job(long segment, int offset, Memory<byte> buffer)
        : TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Segment => segment;

        public int Offset => offset;

        public Memory<byte> Buffer => buffer;
    }
}
