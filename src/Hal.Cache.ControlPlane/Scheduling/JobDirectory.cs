using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>Prestage jobs that are processes of their own, as each last told of itself; bounded. Not thread-safe.</summary>
internal sealed class JobDirectory
{
    private readonly SortedDictionary<string, PrestageInfo> jobs = new(StringComparer.Ordinal);

    public int Running => jobs.Values.Count(j => j.EndedAt is null);

    /// <summary>Newest first, since ids rise.</summary>
    public IEnumerable<PrestageInfo> Newest => jobs.Values.Reverse();

    public PrestageInfo? Find(string job) => jobs.GetValueOrDefault(job);

    /// <summary>Takes what a job tells; what comes late, after its end, is passed over.</summary>
    public void Set(PrestageInfo job)
    {
        if (jobs.GetValueOrDefault(job.Job)?.EndedAt is not null) return;
        jobs[job.Job] = job;
        var ended = jobs.Values.Where(j => j.EndedAt is not null).Take(Math.Max(0, jobs.Count - ControlPlaneLimits.PrestagesMax)).ToArray();
        foreach (var old in ended) jobs.Remove(old.Job);
    }

    /// <summary>A job is lost, as all are where nothing is stored and its process has ended.</summary>
    public void Remove(string job) => jobs.Remove(job);

    /// <summary>Jobs with work for an instance: by priority, then deadline, then age.</summary>
    public IReadOnlyList<PrestageInfo> For(string instance, DateTimeOffset now) =>
    [
        .. jobs.Values.Where(j => IsWantedAt(j, instance, now))
            .OrderByDescending(j => j.Priority).ThenBy(j => j.Deadline ?? DateTimeOffset.MaxValue).ThenBy(j => j.Job, StringComparer.Ordinal),
    ];

    public bool IsWaiting(string instance, DateTimeOffset now) => jobs.Values.Any(j => IsWantedAt(j, instance, now));

    /// <summary>Ends the jobs whose deadlines have come; those whose processes live tell the same.</summary>
    public void Expire(DateTimeOffset now)
    {
        foreach (var job in jobs.Values.Where(j => j.EndedAt is null && j.Deadline <= now).ToArray())
            jobs[job.Job] = job with { State = PrestageState.Expired, EndedAt = now };
    }

    private static bool IsWantedAt(PrestageInfo job, string instance, DateTimeOffset now) =>
        job.EndedAt is null && !(job.Deadline <= now) && job.Instances.Any(i => i.Instance == instance && i.KeysLeft > 0);
}
