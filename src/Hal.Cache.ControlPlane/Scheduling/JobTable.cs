using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>All prestage jobs: those that run, and the last ones that ended. Not thread-safe.</summary>
internal sealed class JobTable
{
    private readonly SortedDictionary<string, PrestageJob> jobs = new(StringComparer.Ordinal);

    public int Running => jobs.Values.Count(j => !j.HasEnded);

    /// <summary>Newest first, since ids rise.</summary>
    public IEnumerable<PrestageJob> Newest => jobs.Values.Reverse();

    public PrestageJob? Find(string id) => jobs.GetValueOrDefault(id);

    /// <summary>Adds a job; answers the ended ones that it pushes out.</summary>
    public IReadOnlyList<PrestageJob> Add(PrestageJob job)
    {
        jobs.Add(job.Id, job);
        var forgotten = jobs.Values.Where(j => j.HasEnded).Take(Math.Max(0, jobs.Count - ControlPlaneLimits.PrestagesMax)).ToArray();
        foreach (var ended in forgotten) jobs.Remove(ended.Id);
        return forgotten;
    }

    public bool IsWaiting(string instance) => jobs.Values.Any(j => j.IsWantedAt(instance));

    /// <summary>Jobs with work for an instance: by priority, then deadline, then age.</summary>
    public IReadOnlyList<PrestageJob> For(string instance) =>
    [
        .. jobs.Values.Where(j => j.IsWantedAt(instance))
            .OrderByDescending(j => j.Request.Priority).ThenBy(j => j.Request.Deadline ?? DateTimeOffset.MaxValue).ThenBy(j => j.Id, StringComparer.Ordinal),
    ];

    public void Expire(DateTimeOffset now)
    {
        foreach (var job in jobs.Values) job.Expire(now);
    }
}
