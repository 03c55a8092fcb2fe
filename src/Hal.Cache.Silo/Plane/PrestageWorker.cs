using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Node;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// Takes prestage work for one instance and brings the keys through the tree, a few at a time, within the job's bandwidth; tells how it
/// goes, and stops when the job has ended. What fails for a reason that may pass is not told, so that it is given out again.
/// </summary>
internal sealed class PrestageWorker(string name, IControlPlane plane, Keyspace keyspace, Func<bool> isWaiting, TimeProvider time)
{
    /// <summary>Keys taken at once.</summary>
    public const int KeysMax = 64;

    /// <summary>Keys brought at the same time.</summary>
    public const int FetchesMax = 4;

    /// <summary>Time between two looks for work that the lease speaks of, and between two tellings of progress.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly KeyWarmer warmer = new(keyspace);

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                while (isWaiting() && await RoundAsync(cancellation))
                {
                    // There may be more.
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The instance is being stopped.
        }
    }

    private async Task<bool> RoundAsync(CancellationToken cancellation)
    {
        var taken = await CallAsync(c => plane.Scheduling.TakePrestageWorkAsync(name, KeysMax, c), cancellation);
        if (!taken.IsOk || taken.Value.Count == 0) return false;
        foreach (var work in taken.Value) await DoAsync(work, cancellation);
        return true;
    }

    private async Task DoAsync(PrestageWork work, CancellationToken cancellation)
    {
        using var job = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var tally = new Tally();
        var pace = new Pace(work.BandwidthBytesPerSecond, time);
        var fetching = Parallel.ForEachAsync(
            work.Keys, new ParallelOptions { MaxDegreeOfParallelism = FetchesMax, CancellationToken = job.Token }, (key, c) => BringAsync(key, pace, tally, c));
        using (var timer = new PeriodicTimer(Interval, time))
        {
            while (!fetching.IsCompleted)
            {
                await Task.WhenAny(fetching, timer.WaitForNextTickAsync(cancellation).AsTask());
                cancellation.ThrowIfCancellationRequested();
                if (fetching.IsCompleted) break;
                await TellAsync(work.Job, tally, cancellation);
                if (await HasEndedAsync(work, cancellation)) await job.CancelAsync();
            }
        }
        await ((Task)fetching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await TellAsync(work.Job, tally, cancellation);
    }

    private async ValueTask BringAsync(CacheKey key, Pace pace, Tally tally, CancellationToken cancellation)
    {
        var brought = await warmer.WarmAsync(key.Database, key.Bytes.ToArray(), pace.TakeAsync, cancellation);
        if (brought.IsOk) tally.Add(key, isDone: true);
        else if (brought.Error.Code is not (CacheErrorCode.Unavailable or CacheErrorCode.Busy or CacheErrorCode.Changed)) tally.Add(key, isDone: false);
    }

    private async Task<bool> HasEndedAsync(PrestageWork work, CancellationToken cancellation)
    {
        if (work.Deadline <= time.GetUtcNow()) return true;
        var job = await CallAsync(c => plane.Scheduling.GetPrestageAsync(work.Job, c), cancellation);
        return job.IsOk ? job.Value.State is not (PrestageState.Waiting or PrestageState.Running) : job.Error.Code == CacheErrorCode.NotFound;
    }

    // What the control plane did not take is told again the next time.
    private async Task TellAsync(string job, Tally tally, CancellationToken cancellation)
    {
        var (done, failed) = tally.Take();
        if (done.Count + failed.Count == 0) return;
        var progress = new PrestageProgress { Job = job, Instance = name, Done = done, Failed = failed };
        var told = await CallAsync(c => plane.Scheduling.ReportPrestageAsync(progress, c), cancellation);
        if (!told.IsOk && told.Error.Code is CacheErrorCode.Unavailable or CacheErrorCode.Busy) tally.Return(done, failed);
    }

    private Task<Result<T>> CallAsync<T>(Func<CancellationToken, Task<Result<T>>> call, CancellationToken cancellation) =>
        PlaneCall.RunAsync(call, time, cancellation);

    private sealed class Tally
    {
        private readonly Lock gate = new();
        private List<CacheKey> done = [];
        private List<CacheKey> failed = [];

        public void Add(CacheKey key, bool isDone)
        {
            lock (gate) (isDone ? done : failed).Add(key);
        }

        public (List<CacheKey> Done, List<CacheKey> Failed) Take()
        {
            lock (gate)
            {
                var taken = (done, failed);
                (done, failed) = ([], []);
                return taken;
            }
        }

        public void Return(List<CacheKey> doneBefore, List<CacheKey> failedBefore)
        {
            lock (gate)
            {
                done.AddRange(doneBefore);
                failed.AddRange(failedBefore);
            }
        }
    }
}
