using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>One prestage job: waiting, running, then done, failed, cancelled or expired. Not thread-safe.</summary>
internal sealed class PrestageJob
{
    /// <summary>How long an instance may keep keys that it took before they are given out again.</summary>
    public static readonly TimeSpan TakenFor = TimeSpan.FromSeconds(60);

    private readonly PackedKeys keys;
    private readonly Dictionary<string, PrestageShare> shares;

    public PrestageJob(string id, PrestageRequest request, PackedKeys keys, DateTimeOffset createdAt)
    {
        this.keys = keys;
        Id = id;
        Request = request;
        CreatedAt = createdAt;
        shares = request.Instances.Distinct(StringComparer.Ordinal).ToDictionary(i => i, i => new PrestageShare(i, keys.Count), StringComparer.Ordinal);
        EndIfSettled(createdAt);
    }

    public string Id { get; }

    public PrestageRequest Request { get; }

    public DateTimeOffset CreatedAt { get; }

    public DateTimeOffset? EndedAt { get; private set; }

    public PrestageState State { get; private set; } = PrestageState.Waiting;

    public PackedKeys Keys => keys;

    /// <summary>It has ended, and the store has nothing of it any more.</summary>
    public bool IsForgotten { get; set; }

    public bool HasEnded => EndedAt is not null;

    /// <summary>True where an instance can take work.</summary>
    public bool IsWantedAt(string instance) => !HasEnded && shares.TryGetValue(instance, out var share) && share.Left > 0;

    /// <summary>The next keys for an instance; keys that it holds already are settled on the way.</summary>
    public IReadOnlyList<CacheKey> Take(string instance, int max, DateTimeOffset now, Func<CacheKey, bool> isHeld)
    {
        Expire(now);
        if (!IsWantedAt(instance)) return [];
        var share = shares[instance];
        var taken = share.Take(max, now, now + TakenFor, i => isHeld(keys[i]));
        if (taken.Count > 0) State = PrestageState.Running;
        EndIfSettled(now);
        return [.. taken.Select(i => keys[i])];
    }

    /// <summary>Keys that were taken, as they are given out.</summary>
    public PrestageWork Work(IReadOnlyList<CacheKey> taken) => new()
    {
        Job = Id,
        Keys = taken,
        BandwidthBytesPerSecond = Request.BandwidthBytesPerSecond,
        Deadline = Request.Deadline,
        TakenForMs = (int)TakenFor.TotalMilliseconds,
    };

    /// <summary>Settles keys that an instance took; keys that it did not take, or that are settled, are passed over.</summary>
    public void Settle(PrestageProgress progress, DateTimeOffset now)
    {
        Expire(now);
        if (HasEnded || !shares.TryGetValue(progress.Instance, out var share)) return;
        var taken = new Dictionary<CacheKey, int>();
        foreach (var index in share.Taken) taken.TryAdd(keys[index], index);
        foreach (var key in progress.Done)
        {
            if (taken.TryGetValue(key, out var index)) share.Settle(index, true);
        }
        foreach (var key in progress.Failed)
        {
            if (taken.TryGetValue(key, out var index)) share.Settle(index, false);
        }
        share.Tidy();
        EndIfSettled(now);
    }

    /// <summary>Shares whose progress has not been saved yet; they count as saved from here on.</summary>
    public IReadOnlyList<(string Instance, byte[] Settled, byte[] Failed)> TakeProgress()
    {
        if (HasEnded) return [];
        var changed = shares.Values.Where(s => s.IsChanged).ToArray();
        foreach (var share in changed) share.IsChanged = false;
        return
        [
            .. changed.Select(s =>
            {
                var (settled, failed) = s.Save();
                return (s.Instance, settled, failed);
            }),
        ];
    }

    /// <summary>The progress of a share could not be saved.</summary>
    public void ReturnProgress(string instance) => shares[instance].IsChanged = true;

    /// <summary>Takes up the progress that was saved; what does not fit the job's keys is begun anew.</summary>
    public void Restore(string instance, byte[] settled, byte[] failed, DateTimeOffset now)
    {
        if (!shares.TryGetValue(instance, out var share) || !share.TryRestore(settled, failed)) return;
        if (share.Done + share.Failed > 0) State = PrestageState.Running;
        EndIfSettled(now);
    }

    public void Cancel(DateTimeOffset now)
    {
        if (!HasEnded) End(PrestageState.Cancelled, now);
    }

    /// <summary>Ends the job where its deadline has come.</summary>
    public void Expire(DateTimeOffset now)
    {
        if (!HasEnded && Request.Deadline <= now) End(PrestageState.Expired, now);
    }

    public PrestageInfo Describe() => new()
    {
        Job = Id,
        State = State,
        Priority = Request.Priority ?? PrestageRequest.PriorityNormal,
        CreatedAt = CreatedAt,
        Deadline = Request.Deadline,
        EndedAt = EndedAt,
        BandwidthBytesPerSecond = Request.BandwidthBytesPerSecond,
        Batch = Request.Batch,
        CopiesTotal = (long)keys.Count * shares.Count,
        CopiesDone = shares.Values.Sum(s => s.Done),
        CopiesFailed = shares.Values.Sum(s => s.Failed),
        Instances = [.. shares.Values.Select(s => new PrestageInstanceInfo(s.Instance, s.Done, s.Failed, s.Left))],
    };

    private void EndIfSettled(DateTimeOffset now)
    {
        if (!HasEnded && shares.Values.All(s => s.Left == 0))
            End(shares.Values.Any(s => s.Failed > 0) ? PrestageState.Failed : PrestageState.Done, now);
    }

    private void End(PrestageState state, DateTimeOffset now) => (State, EndedAt) = (state, now);
}
