using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>When a heartbeat is due and what it says. A lost one is not sent again: the next one says more. Not thread-safe.</summary>
internal sealed class HeartbeatMaker(InstanceRegistration registration, ReporterOptions options)
{
    private const long None = -1;

    private InstanceLoad load = new();
    private IReadOnlyList<LinkObservation> links = [];
    private IReadOnlyList<KeyReads> popular = [];
    private DateTimeOffset dueAt;
    private long number;
    private long newest = None;

    /// <summary>The last lease; null before the first.</summary>
    public InstanceLease? Lease { get; set; }

    public void Measured(InstanceLoad now, IReadOnlyList<LinkObservation> seen, IReadOnlyList<KeyReads> read)
    {
        load = now;
        // What was measured twice between two heartbeats goes together into the next.
        links = [.. seen.Concat(links).Take(ControlPlaneLimits.ObservationsMax)];
        popular = popular.Count == 0 ? [.. read.Take(ControlPlaneLimits.HeartbeatKeysMax)]
            : [.. popular.Concat(read).GroupBy(r => r.Key, (key, all) => new KeyReads(key, all.Sum(r => r.Reads))).OrderByDescending(r => r.Reads).Take(ControlPlaneLimits.HeartbeatKeysMax)];
    }

    public ReporterMessage? Next(DateTimeOffset now, ulong? digest, long sequence, Func<long> newId)
    {
        if (now < dueAt) return null;
        dueAt = now + (Lease is { HeartbeatMs: > 0 } lease ? TimeSpan.FromMilliseconds(lease.HeartbeatMs) : options.Heartbeat);
        newest = newId();
        var heartbeat = new Heartbeat
        {
            Instance = registration.Name,
            Epoch = registration.Epoch,
            Number = ++number,
            Sequence = sequence,
            Digest = digest,
            Load = load,
            Links = links,
            PopularKeys = popular,
        };
        links = [];
        popular = [];
        return new ReporterMessage(newest) { Heartbeat = heartbeat };
    }

    /// <summary>True where this is the first answer to the newest heartbeat; others say nothing new.</summary>
    public bool Take(long id)
    {
        if (id != newest) return false;
        newest = None;
        return true;
    }
}
