using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>A batch of an instance as parts, one a record that it concerns, and what has come of it.</summary>
public sealed class InstanceBatch
{
    private readonly CacheInstance instance;
    private readonly HashSet<int> repairing;
    private readonly Dictionary<int, RecordPart> parts = [];
    private readonly List<News> news = [];
    private readonly List<double> retrievals = [];
    private readonly List<Transfer> transfers = [];
    private readonly List<CacheKey> missed = [];

    internal InstanceBatch(CacheInstance instance, HashSet<int> repairing) => (this.instance, this.repairing) = (instance, repairing);

    /// <summary>What each record has to take.</summary>
    public IReadOnlyDictionary<int, RecordPart> Parts => parts;

    internal long? ClockAheadMs { get; private set; }

    /// <summary>What subscribers and usage should hear, by what the records answered; one that did not answer counts for nothing.</summary>
    /// <param name="id">Tells a repeat of the outcome from another one.</param>
    public BatchOutcome Outcome(IReadOnlyDictionary<int, RecordReply?> replies, string id)
    {
        ArgumentNullException.ThrowIfNull(replies);
        var all = replies.Values.OfType<RecordReply>().ToArray();
        var changed = all.SelectMany(r => r.Changed).ToHashSet();
        var dropped = all.SelectMany(r => r.Dropped).Take(ControlPlaneLimits.EventLogKeysMax).ToArray();
        var published = new List<ChangeEvent>();
        for (var i = 0; i < news.Count; i++)
        {
            var (change, isMark, inRepair) = news[i];
            if (isMark)
            {
                if (dropped.Length > 0) published.Add(change with { KeysEvicted = dropped });
                dropped = [];
            }
            else if (changed.Contains(i) || !inRepair)
            {
                // Within a repair most is told for the second time, which is no news.
                published.Add(change);
            }
        }
        return new BatchOutcome
        {
            Instance = instance.Name,
            Id = id,
            Published = published,
            KeysAdded = all.Sum(r => r.KeysAdded),
            KeysRemoved = all.Sum(r => r.KeysRemoved),
            Evictions = all.Sum(r => r.Evictions),
            GrowthBytes = all.Sum(r => r.GrowthBytes),
            RetrievalsMs = retrievals,
            Transfers = transfers,
            Missed = missed,
        };
    }

    internal void Take(EventBatch batch, DateTimeOffset now)
    {
        int atEvent = 0, atMark = 0;
        while (atEvent < batch.Events.Count || atMark < batch.Marks.Count)
        {
            if (atMark == batch.Marks.Count || (atEvent < batch.Events.Count && batch.Events[atEvent].Sequence < batch.Marks[atMark].Sequence))
            {
                var change = batch.Events[atEvent++];
                if (instance.Take(change.Sequence)) Take(Timed(change, now));
            }
            else
            {
                var mark = batch.Marks[atMark++];
                if (instance.Take(mark.Sequence)) Take(mark, now);
            }
        }
        foreach (var fetch in batch.Fetches)
        {
            var part = Part(HashSlot.Record(HashSlot.Of(fetch.Key.Span)));
            if (fetch.Ended) part.Add(RecordChangeKind.FetchEnds, fetch.Key, news.Count);
            else part.AddFetch(fetch, news.Count);
        }
    }

    private void Take(ChangeEvent change)
    {
        var bytes = 0L;
        for (var i = 0; i < change.KeysAdded.Count; i++)
        {
            var key = change.KeysAdded[i];
            var version = change.KeyVersions.Count > 0 ? change.KeyVersions[i] : 0;
            Part(HashSlot.Record(HashSlot.Of(key.Span))).Add(RecordChangeKind.Set, key, news.Count, change.KeySizes[i], version);
            bytes += change.KeySizes[i];
            if (change.RetrievalTimeMs is not null) missed.Add(key);
        }
        for (var i = 0; i < change.KeysEvicted.Count; i++)
        {
            var key = change.KeysEvicted[i];
            var isEviction = change.RemovalReasons.Count == 0 || change.RemovalReasons[i] == RemovalReason.Evicted;
            Part(HashSlot.Record(HashSlot.Of(key.Span))).Add(isEviction ? RecordChangeKind.Evict : RecordChangeKind.Remove, key, news.Count);
        }
        if (change.RetrievalTimeMs is { } ms) retrievals.Add(ms);
        if (change.SourceInstance is { } source && change.KeysAdded.Count > 0) transfers.Add(new Transfer(source, bytes, change.KeysAdded.Count));
        news.Add(new News(change, false, instance.Repairing));
    }

    private void Take(RepairMark mark, DateTimeOffset now)
    {
        if (mark.Begins)
        {
            var slots = new ulong[HashSlot.Records];
            foreach (var range in mark.Slots)
            {
                for (var slot = range.First; slot <= range.Last; slot++) slots[HashSlot.Record(slot)] |= 1UL << (slot % HashSlot.PerRecord);
            }
            // A record that another repair was going through has to give that up.
            for (var record = 0; record < slots.Length; record++)
            {
                if (slots[record] != 0 || repairing.Contains(record)) Part(record).AddRepair(slots[record], news.Count);
                if (slots[record] == 0) repairing.Remove(record);
                else repairing.Add(record);
            }
            instance.Repairing = true;
            return;
        }
        if (!instance.Repairing) return; // its begin, or something since, is missing: what was not told may be there
        instance.Repairing = false;
        foreach (var record in repairing) Part(record).Add(RecordChangeKind.RepairEnds, new CacheKey(ReadOnlyMemory<byte>.Empty), news.Count);
        repairing.Clear();
        var dropped = new ChangeEvent { Instance = instance.Name, Epoch = instance.Registration.Epoch, Sequence = mark.Sequence, Timestamp = now };
        news.Add(new News(dropped, true, false));
    }

    private RecordPart Part(int record)
    {
        if (!parts.TryGetValue(record, out var part)) parts.Add(record, part = new RecordPart(instance.Name));
        return part;
    }

    // A clock that is far ahead must neither stop the truth nor reach subscribers.
    private ChangeEvent Timed(ChangeEvent change, DateTimeOffset now)
    {
        var ahead = change.Timestamp - now;
        if (ahead <= TimeSpan.FromSeconds(ControlPlaneLimits.ClockAheadSecondsMax)) return change;
        ClockAheadMs = Math.Max(ClockAheadMs ?? 0, (long)ahead.TotalMilliseconds);
        return change with { Timestamp = now };
    }

    private readonly record struct News(ChangeEvent Change, bool IsMark, bool InRepair);
}
