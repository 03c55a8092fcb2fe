using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Benchmarks.Load.Plane;

/// <summary>Follows the events until it is cancelled and notes how late each comes, by the clock that both ends share.</summary>
internal sealed class Subscriber
{
    private static readonly TimeSpan SeenTimeMax = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<double> lags = [];
    private readonly Task following;
    private CacheKey awaited;
    private TaskCompletionSource? seen;

    public Subscriber(IEvents events, CancellationToken cancel) => following = Task.Run(() => FollowAsync(events, cancel), cancel);

    /// <summary>Completes when everything from then on is heard.</summary>
    public Task Started => started.Task;

    /// <summary>Waits until the last key below a number was told; <see cref="BenchmarkException"/> after a minute.</summary>
    public async Task SeenAsync(int nextKey, CancellationToken cancel)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (lags)
        {
            if (awaited.Span.SequenceEqual(SimulatedTree.Key(nextKey - 1).Span))
                return;
            seen = done;
            awaited = SimulatedTree.Key(nextKey - 1);
        }
        try
        {
            await (await Task.WhenAny(done.Task, following).WaitAsync(SeenTimeMax, cancel));
        }
        catch (TimeoutException e)
        {
            throw new BenchmarkException("a subscriber did not hear of the last change within a minute", e);
        }
    }

    /// <summary>The worst lag, and the percentiles, in ms.</summary>
    public async Task<Sample> LagAsync()
    {
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (following.Exception?.InnerException is BenchmarkException failed)
            throw failed;
        lags.Sort();
        return new Sample(lags[^1], lags[lags.Count / 2], lags[(int)(lags.Count * 0.99)]);
    }

    private async Task FollowAsync(IEvents events, CancellationToken cancel)
    {
        await foreach (var item in events.SubscribeAsync(new Subscription(), cancel))
        {
            started.TrySetResult();
            if (item.Notice is { Kind: not StreamNoticeKind.Started } notice)
                throw new BenchmarkException($"a subscriber was told {notice.Kind}: {notice.Message}");
            if (item.Event is not { } change)
                continue;
            lock (lags)
            {
                lags.Add((DateTimeOffset.UtcNow - change.Timestamp).TotalMilliseconds);
                if (change.KeysAdded.Count == 0)
                    continue;
                if (seen is null)
                    awaited = change.KeysAdded[^1];
                else if (change.KeysAdded[^1] == awaited)
                    seen.TrySetResult();
            }
        }
    }
}
