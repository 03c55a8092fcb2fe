using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Node;
using Hal.Cache.Node.Pins;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// Has an instance keep what its pins name: asks for them when the lease says that they have changed, and goes on with what it knows while
/// the control plane is away. An end that a pin has is kept here as well.
/// </summary>
internal sealed class PinKeeper(string name, IControlPlane plane, Keyspace keyspace, Func<long> revision, TimeProvider time)
{
    /// <summary>Items asked for at once.</summary>
    private const int PageItems = ControlPlaneLimits.PageItemsMax;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private IReadOnlyList<Pin> pins = [];
    private long known;

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation)) await LookAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The instance is being stopped.
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        var changed = false;
        var wanted = revision();
        if (wanted != 0 && wanted != known && await AskAsync(cancellation) is { } asked)
        {
            // A change in between has a revision of its own, which the next lease brings.
            (pins, known, changed) = (asked, wanted, true);
        }
        var now = time.GetUtcNow();
        if (pins.Any(p => p.ExpiresAt <= now)) (pins, changed) = ([.. pins.Where(p => !(p.ExpiresAt <= now))], true);
        if (changed || keyspace.Pins.IsStale) keyspace.Pins.Keep(Selection());
    }

    private PinSelection Selection() => PinSelection.Of(
        pins.SelectMany(p => p.Keys).Take(ControlPlaneLimits.PinnedKeysMax).Select(k => (k.Database, k.Bytes)),
        pins.SelectMany(p => p.Prefixes).Select(p => (p.Start.Database, p.Start.Bytes)),
        keyspace.Store);

    // Null where not everything could be had: the next look asks again.
    private async Task<IReadOnlyList<Pin>?> AskAsync(CancellationToken cancellation)
    {
        if (await AllAsync<PinInfo>((page, c) => plane.Scheduling.ListPinsAsync(name, page, c), cancellation) is not { IsOk: true } infos) return null;
        var found = new List<Pin>();
        foreach (var info in infos.Value)
        {
            var selection = info.Request.Selection;
            var keys = selection.Keys;
            if (selection.Manifest is { } manifest)
            {
                var listed = await AllAsync<CacheKey>((page, c) => plane.Scheduling.ListManifestKeysAsync(manifest, page, c), cancellation);
                if (!listed.IsOk && listed.Error.Code != CacheErrorCode.NotFound) return null; // a manifest that was removed keeps nothing
                if (listed.IsOk) keys = [.. keys, .. listed.Value];
            }
            found.Add(new Pin(keys, selection.Prefixes, info.Request.ExpiresAt));
        }
        return found;
    }

    private async Task<Result<List<T>>> AllAsync<T>(Func<PageRequest, CancellationToken, Task<Result<Page<T>>>> list, CancellationToken cancellation)
    {
        var all = new List<T>();
        for (string? cursor = null; ;)
        {
            var page = new PageRequest(cursor, PageItems);
            var answer = await PlaneCall.RunAsync(c => list(page, c), time, cancellation);
            if (!answer.IsOk) return answer.Error;
            all.AddRange(answer.Value.Items);
            cursor = answer.Value.Next;
            if (cursor is null || all.Count >= ControlPlaneLimits.PinnedKeysMax) return all;
        }
    }

    private sealed record Pin(IReadOnlyList<CacheKey> Keys, IReadOnlyList<KeyPrefix> Prefixes, DateTimeOffset? ExpiresAt);
}
