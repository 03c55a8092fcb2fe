using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>
/// One cache instance that is a process's own, while the ownership records are others': how far its changes are taken, and whether the records
/// have all of its content. Not thread-safe: its host serialises access, and lets one batch at a time be between begin and end.
/// </summary>
public sealed class InstanceShard(TimeProvider time, InstanceOptions options)
{
    // What each record had of the instance when it last told; null where that is not known, or may be wrong.
    private readonly RecordShare?[] shares = new RecordShare?[HashSlot.Records];
    private readonly HashSet<int> repairing = [];
    private CacheInstance? instance;
    private bool isTaking;

    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Records that lack a share; all of them where the instance has just come.</summary>
    public IEnumerable<int> Unknown => Enumerable.Range(0, shares.Length).Where(r => shares[r] is null);

    /// <summary>Records that have not been told that the instance's content is all there, with the life that this is about.</summary>
    public IReadOnlyList<(int Record, string Life)> Untold =>
        instance is { Verified: true } ? [.. shares.Index().Where(s => s.Item is { IsTold: false }).Select(s => (s.Index, s.Item!.Life))] : [];

    /// <summary>The instance has been silent for so long that its content is to be dropped before it is registered anew.</summary>
    public bool IsGone => instance?.State(Now) == InstanceState.Gone;

    /// <summary>It has registered.</summary>
    public bool IsKnown => instance is not null;

    /// <summary>Takes a registration that the tree has taken, and completes the lease that it gave.</summary>
    public InstanceLease Register(InstanceRegistration registration, InstanceLease lease)
    {
        if (instance is null) instance = new CacheInstance(0, registration, Now, options);
        else instance.Renew(registration, Now);
        return Complete(lease);
    }

    /// <summary>Takes a heartbeat that the tree has taken.</summary>
    public Result<InstanceLease> Hear(Heartbeat heartbeat, InstanceLease lease)
    {
        ArgumentNullException.ThrowIfNull(heartbeat);
        if (instance is null) return InstanceRegistry.Unknown(heartbeat.Instance);
        var heard = instance.Hear(heartbeat, Now);
        if (!heard.IsOk) return heard.Error;
        // While a batch is being taken the records have more than the number tells.
        if (heard.Value && !isTaking && heartbeat.Digest is { } digest && heartbeat.Sequence == instance.Applied && shares.All(s => s is not null))
        {
            if (digest == shares.Aggregate(0UL, (sum, share) => sum + share!.Digest)) instance.Verify();
            else instance.Lose();
        }
        return Complete(lease);
    }

    /// <summary>Why nothing of the instance is taken; null where it is registered and not gone.</summary>
    public CacheError? Refusal(string name, long epoch) =>
        instance is null ? InstanceRegistry.Unknown(name)
        : IsGone ? new CacheError(CacheErrorCode.NotFound, $"instance '{name}' has been silent for so long that it is gone; it must register again")
        : epoch != instance.Registration.Epoch ? instance.Stale(epoch)
        : null;

    /// <summary>Takes the numbers of a batch, and answers what each record has to take; <see cref="End"/> must follow.</summary>
    public Result<InstanceBatch> Begin(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if ((BatchRules.Check(batch) ?? Refusal(batch.Instance, batch.Epoch)) is { } error) return error;
        isTaking = true;
        var parts = new InstanceBatch(instance!, repairing);
        parts.Take(batch, Now);
        return parts;
    }

    /// <summary>Ends a batch with what the records answered; one that did not may have taken its part or not, so that digests must tell.</summary>
    public ReportReply End(InstanceBatch batch, IReadOnlyDictionary<int, RecordReply?> replies)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(replies);
        isTaking = false;
        foreach (var (record, reply) in replies) Learn(record, reply?.Share);
        return new ReportReply { AppliedSequence = instance!.Applied, DigestWanted = !instance.Verified, ClockAheadMs = batch.ClockAheadMs };
    }

    /// <summary>Takes what a record has of the instance; null where it can't be known.</summary>
    public void Learn(int record, RecordShare? share)
    {
        // Another life began without the instance's content.
        if (share is null || (shares[record] is { } before && before.Life != share.Life && before.Keys > 0)) instance?.Lose();
        shares[record] = share;
    }

    /// <summary>A record began another life.</summary>
    /// <returns>True where the instance has nothing in it, so that there is nothing to be told.</returns>
    public bool BeginLife(int record, string life)
    {
        var isEmpty = instance is { Verified: true } && shares[record] is { Keys: 0, Digest: 0 };
        Learn(record, new RecordShare(life, isEmpty, 0, 0, 0, []));
        return isEmpty;
    }

    /// <summary>A record was told that the instance's content is all there.</summary>
    public void Tell(int record, string life)
    {
        if (shares[record] is { } share && share.Life == life) shares[record] = share with { IsTold = true };
    }

    /// <summary>Whether digests can be compared, and with which records; null where they can't.</summary>
    public Result<IReadOnlyList<int>> BeginCompare(DigestQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var limit = query.Level == DigestLevel.Record ? HashSlot.Records : HashSlot.Count;
        if (query.Digests.Count > limit || query.Digests.Any(d => d.Index < 0 || d.Index >= limit))
            return new CacheError(CacheErrorCode.Invalid, $"digests are of up to {limit} places, numbered from 0");
        if (Refusal(query.Instance, query.Epoch) is { } error) return error;
        if (query.Sequence != instance!.Applied) return Results.Of<IReadOnlyList<int>>([]);
        return Results.Of<IReadOnlyList<int>>([.. query.Digests.Select(d => query.Level == DigestLevel.Record ? d.Index : HashSlot.Record(d.Index)).Distinct()]);
    }

    /// <summary>Compares with what the records answered; one that did not answer counts as differing.</summary>
    public DigestReply EndCompare(DigestQuery query, IReadOnlyDictionary<int, RecordShare?> answers)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(answers);
        if (query.Sequence != instance!.Applied) return new DigestReply { AppliedSequence = instance.Applied, Compared = false };
        foreach (var (record, share) in answers) Learn(record, share);
        var differing = query.Digests.Where(d => d.Digest is null || d.Digest != Digest(query.Level, d.Index, answers)).Select(d => d.Index).ToArray();
        if (differing.Length > 0) instance.Lose();
        else if (query.Level == DigestLevel.Record && query.Digests.Select(d => d.Index).Distinct().Count() == HashSlot.Records) instance.Verify();
        return new DigestReply { AppliedSequence = instance.Applied, Compared = true, Differing = differing };
    }

    /// <summary>What is known; shares that are not count as nothing.</summary>
    public InstanceStatus Describe() => new(instance?.Applied ?? 0, instance?.Verified ?? false, shares.Sum(s => s?.Keys ?? 0), shares.Sum(s => s?.Bytes ?? 0));

    /// <summary>Forgets everything, as its content is dropped.</summary>
    public void Forget()
    {
        instance = null;
        repairing.Clear();
        Array.Clear(shares);
    }

    private static ulong? Digest(DigestLevel level, int index, IReadOnlyDictionary<int, RecordShare?> answers)
    {
        var share = answers.GetValueOrDefault(level == DigestLevel.Record ? index : HashSlot.Record(index));
        return level == DigestLevel.Record ? share?.Digest : share?.Slots[index % HashSlot.PerRecord];
    }

    private InstanceLease Complete(InstanceLease lease) => lease with { AppliedSequence = instance!.Applied, DigestWanted = !instance.Verified };
}
