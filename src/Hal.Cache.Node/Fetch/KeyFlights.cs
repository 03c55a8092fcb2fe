using Hal.Cache.Contracts;

namespace Hal.Cache.Node.Fetch;

/// <summary>One fetch at a time for each key: whoever asks while it is under way waits for it, and it ends early only when all have left.</summary>
internal sealed class KeyFlights(FetchPipeline pipeline, KeyspaceStatistics statistics)
{
    private readonly Lock gate = new();
    private readonly Dictionary<FlightKey, KeyFlight> flights = [];
    private readonly HashSet<Task> running = [];
    private bool stopped;

    public async ValueTask<FetchOutcome> JoinAsync(FetchRequest request, MountState mount, CancellationToken cancellation)
    {
        var key = new FlightKey(request.Database, request.Key, request.Hash);
        KeyFlight? flight;
        bool isNew;
        lock (gate)
        {
            if (stopped)
                return new(new CacheError(CacheErrorCode.Unavailable, "the instance is shutting down"));
            isNew = !flights.TryGetValue(key, out flight);
            if (isNew)
                flights.Add(key, flight = new());
            else
                flight!.Waiters++;
        }

        if (isNew)
            Start(key, flight!, request, mount);
        else
            statistics.FlightJoined();
        try
        {
            return await flight!.Done.WaitAsync(cancellation);
        }
        finally
        {
            Leave(key, flight!);
        }
    }

    /// <summary>Cancels what is under way and waits for it.</summary>
    public async Task StopAsync()
    {
        Task[] tasks;
        lock (gate)
        {
            stopped = true;
            foreach (KeyFlight flight in flights.Values)
                flight.Cancel();
            tasks = [.. running];
        }

        await Task.WhenAll(tasks);
    }

    private void Start(FlightKey key, KeyFlight flight, in FetchRequest request, MountState mount)
    {
        Task task = RunAsync(key, flight, request, mount);
        lock (gate)
        {
            if (!task.IsCompleted)
                running.Add(task);
        }

        // Added and removed under one lock: a task that ended in between is not left in the set.
        _ = RemoveAsync(task);
    }

    private async Task RemoveAsync(Task task)
    {
        await task;
        lock (gate)
            running.Remove(task);
    }

    private async Task RunAsync(FlightKey key, KeyFlight flight, FetchRequest request, MountState mount)
    {
        try
        {
            FetchOutcome outcome = await pipeline.RunAsync(request, mount, flight.Cancellation);
            Forget(key, flight);
            flight.Complete(outcome);
        }
        catch (OperationCanceledException) when (flight.Cancellation.IsCancellationRequested)
        {
            Forget(key, flight);
            flight.Complete(new(new CacheError(CacheErrorCode.Unavailable, "the fetch was cancelled")));
        }
#pragma warning disable CA1031 // whatever an origin throws belongs to those who wait for it
        catch (Exception bug)
#pragma warning restore CA1031
        {
            Forget(key, flight);
            flight.Fail(bug);
        }
    }

    private void Forget(FlightKey key, KeyFlight flight)
    {
        lock (gate)
        {
            if (flights.TryGetValue(key, out KeyFlight? current) && current == flight)
                flights.Remove(key);
        }
    }

    private void Leave(FlightKey key, KeyFlight flight)
    {
        lock (gate)
        {
            if (--flight.Waiters > 0)
                return;
            if (flights.TryGetValue(key, out KeyFlight? current) && current == flight)
                flights.Remove(key); // who comes now begins anew
        }

        if (!flight.Done.IsCompleted)
            flight.Cancel();
        else
            flight.Dispose();
    }

    private readonly record struct FlightKey(int Database, byte[] Key, ulong Hash)
    {
        public bool Equals(FlightKey other) =>
            Hash == other.Hash && Database == other.Database && Key.AsSpan().SequenceEqual(other.Key);

        public override int GetHashCode() => HashCode.Combine(Hash, Database);
    }
}
