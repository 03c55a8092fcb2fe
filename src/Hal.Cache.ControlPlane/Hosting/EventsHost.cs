using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Change events, in this process.</summary>
internal sealed class EventsHost(PlaneState state) : IEvents
{
    public Task<Result<ReportReply>> ReportAsync(EventBatch batch, CancellationToken cancellation) => Task.FromResult(Report(batch));

    public Task<Result<DigestReply>> CompareDigestsAsync(DigestQuery query, CancellationToken cancellation) => Task.FromResult(Compare(query));

    public IAsyncEnumerable<StreamItem> SubscribeAsync(Subscription subscription, CancellationToken cancellation) =>
        state.Events.SubscribeAsync(subscription, cancellation);

    private Result<ReportReply> Report(EventBatch batch)
    {
        if (BatchRules.Check(batch) is { } wrong) return wrong;
        var found = state.Present(batch.Instance);
        if (!found.IsOk) return found.Error;
        var instance = found.Value;
        var taken = new BatchIntake(state, instance);
        ReportReply reply;
        lock (instance.Gate)
        {
            if (instance.Dropped) return InstanceRegistry.Unknown(batch.Instance);
            if (batch.Epoch != instance.Registration.Epoch) return instance.Stale(batch.Epoch);
            taken.Take(batch);
            // Published under the gate too, so that an instance's events are in the log in their order.
            state.Events.Add(taken.Published);
            reply = new ReportReply { AppliedSequence = instance.Applied, DigestWanted = !instance.Verified, ClockAheadMs = taken.ClockAheadMs };
        }
        taken.Count();
        return reply;
    }

    private Result<DigestReply> Compare(DigestQuery query)
    {
        var limit = query.Level == DigestLevel.Record ? HashSlot.Records : HashSlot.Count;
        if (query.Digests.Count > limit || query.Digests.Any(d => d.Index < 0 || d.Index >= limit))
            return new CacheError(CacheErrorCode.Invalid, $"digests are of up to {limit} places, numbered from 0");
        var found = state.Present(query.Instance);
        if (!found.IsOk) return found.Error;
        var instance = found.Value;
        lock (instance.Gate)
        {
            if (instance.Dropped) return InstanceRegistry.Unknown(query.Instance);
            if (query.Epoch != instance.Registration.Epoch) return instance.Stale(query.Epoch);
            if (query.Sequence != instance.Applied) return new DigestReply { AppliedSequence = instance.Applied, Compared = false };
            var differing = query.Digests.Where(d => d.Digest != Digest(instance, query.Level, d.Index)).Select(d => d.Index).ToArray();
            if (differing.Length > 0) instance.Lose();
            else if (query.Level == DigestLevel.Record && query.Digests.Select(d => d.Index).Distinct().Count() == HashSlot.Records) instance.Verify();
            return new DigestReply { AppliedSequence = instance.Applied, Compared = true, Differing = differing };
        }
    }

    private ulong Digest(CacheInstance instance, DigestLevel level, int index)
    {
        var record = state.Records[level == DigestLevel.Record ? index : HashSlot.Record(index)];
        lock (record.Gate)
        {
            var share = record.Content.Share(instance.Number);
            return share is null ? 0 : level == DigestLevel.Record ? share.Digest : share.Digests[index % HashSlot.PerRecord];
        }
    }
}
