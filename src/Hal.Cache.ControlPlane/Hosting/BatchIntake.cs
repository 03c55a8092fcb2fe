using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ControlPlane.Analytics;
using Hal.Cache.ControlPlane.Content;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Takes one batch into the content map while the instance's gate is held, and counts it afterwards.</summary>
internal sealed class BatchIntake(PlaneState state, CacheInstance instance)
{
    private readonly List<ChangeEvent> published = [];
    private readonly UsageCounts used = new();
    private readonly List<(string Source, long Bytes, int Keys)> transfers = [];
    private readonly List<CacheKey> missed = [];

    /// <summary>What subscribers should see.</summary>
    public IReadOnlyList<ChangeEvent> Published => published;

    public long? ClockAheadMs { get; private set; }

    public void Take(EventBatch batch)
    {
        int atEvent = 0, atMark = 0;
        while (atEvent < batch.Events.Count || atMark < batch.Marks.Count)
        {
            if (atMark == batch.Marks.Count || (atEvent < batch.Events.Count && batch.Events[atEvent].Sequence < batch.Marks[atMark].Sequence))
            {
                var change = batch.Events[atEvent++];
                if (instance.Take(change.Sequence)) Take(change);
            }
            else
            {
                var mark = batch.Marks[atMark++];
                if (instance.Take(mark.Sequence)) Take(mark);
            }
        }
        foreach (var fetch in batch.Fetches) Take(fetch);
    }

    /// <summary>Adds what was taken to the usage; no gate is held.</summary>
    public void Count()
    {
        var costs = transfers.Count == 0
            ? []
            : state.Topology.Ask(t => transfers.Select(x => t.MoneyOf(x.Source, instance.Name, x.Bytes)).ToArray());
        state.Usage.Tell(usage =>
        {
            used.Money = costs.Sum();
            usage.Of(instance.Name).Window.Now.Add(used);
            for (var i = 0; i < transfers.Count; i++) usage.Transfer(transfers[i].Source, instance.Name, transfers[i].Bytes, transfers[i].Keys, costs[i]);
            foreach (var key in missed) usage.Read(instance.Name, key, 1);
        });
    }

    private void Take(ChangeEvent change)
    {
        var changed = false;
        long bytes = 0;
        for (var i = 0; i < change.KeysAdded.Count; i++)
        {
            var key = change.KeysAdded[i];
            var slot = HashSlot.Of(key.Span);
            var record = state.RecordOf(slot);
            CopyChange did;
            lock (record.Gate)
            {
                did = record.Content.Set(instance.Number, key.Span, key.Database, slot, change.KeySizes[i], change.KeyVersions.Count > 0 ? change.KeyVersions[i] : 0);
                if (record.HasFlights) record.End(key, instance.Number);
            }
            bytes += change.KeySizes[i];
            changed |= did.BeforeBytes != did.AfterBytes;
            if (did.BeforeBytes < 0) (used.KeysAdded, used.GrowthKeys) = (used.KeysAdded + 1, used.GrowthKeys + 1);
            used.GrowthBytes += did.AfterBytes - Math.Max(0, did.BeforeBytes);
            if (change.RetrievalTimeMs is not null) missed.Add(key);
        }
        for (var i = 0; i < change.KeysEvicted.Count; i++)
        {
            var key = change.KeysEvicted[i];
            var record = state.RecordOf(HashSlot.Of(key.Span));
            CopyChange did;
            lock (record.Gate) did = record.Content.Remove(instance.Number, key.Span, key.Database);
            if (did.BeforeBytes < 0) continue;
            changed = true;
            used.KeysRemoved++;
            used.GrowthKeys--;
            used.GrowthBytes -= did.BeforeBytes;
            if (change.RemovalReasons.Count == 0 || change.RemovalReasons[i] == RemovalReason.Evicted) used.Evictions++;
        }
        CountRetrieval(change, bytes);
        // Within a repair most is told for the second time, which is no news.
        if (changed || !instance.Repairing) published.Add(Timed(change));
    }

    private void CountRetrieval(ChangeEvent change, long bytes)
    {
        if (change.RetrievalTimeMs is { } ms) (used.Retrieval ??= new TimeHistogram()).Add(ms);
        if (change.SourceInstance is not { } source || change.KeysAdded.Count == 0) return;
        used.FetchedBytes += bytes;
        if (state.Registry.Find(source) is not null) transfers.Add((source, bytes, change.KeysAdded.Count));
    }

    private void Take(RepairMark mark)
    {
        if (mark.Begins)
        {
            var slots = new ulong[HashSlot.Records];
            foreach (var range in mark.Slots)
            {
                for (var slot = range.First; slot <= range.Last; slot++) slots[HashSlot.Record(slot)] |= 1UL << (slot % HashSlot.PerRecord);
            }
            for (var i = 0; i < slots.Length; i++)
            {
                lock (state.Records[i].Gate) state.Records[i].Content.BeginRepair(instance.Number, slots[i]);
            }
            instance.Repairing = true;
            return;
        }
        if (!instance.Repairing) return; // its begin, or something since, is missing: what was not told may be there
        instance.Repairing = false;
        var dropped = new List<CacheKey>();
        foreach (var record in state.Records)
        {
            lock (record.Gate)
            {
                used.GrowthBytes -= record.Content.EndRepair(instance.Number, dropped);
            }
        }
        if (dropped.Count == 0) return;
        used.KeysRemoved += dropped.Count;
        used.GrowthKeys -= dropped.Count;
        published.Add(new ChangeEvent
        {
            Instance = instance.Name,
            Epoch = instance.Registration.Epoch,
            Sequence = mark.Sequence,
            Timestamp = state.Now,
            KeysEvicted = dropped,
        });
    }

    private void Take(FetchHint fetch)
    {
        var record = state.RecordOf(HashSlot.Of(fetch.Key.Span));
        lock (record.Gate)
        {
            if (fetch.Ended) record.End(fetch.Key, instance.Number);
            else record.Begin(fetch.Key, new Flight((ushort)instance.Number, fetch.SizeBytes, fetch.Version, fetch.Source, state.NowMs + KeyOwnershipRecord.FlightMs), state.NowMs);
        }
    }

    // A clock that is far ahead must neither stop the truth nor reach subscribers.
    private ChangeEvent Timed(ChangeEvent change)
    {
        var ahead = change.Timestamp - state.Now;
        if (ahead <= TimeSpan.FromSeconds(ControlPlaneLimits.ClockAheadSecondsMax)) return change;
        ClockAheadMs = Math.Max(ClockAheadMs ?? 0, (long)ahead.TotalMilliseconds);
        return change with { Timestamp = state.Now };
    }
}
