using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Content;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>Takes one instance's changes into a record, and counts what they did.</summary>
internal sealed class RecordTaking(KeyOwnershipRecord record, int instance, long nowMs)
{
    private readonly List<int> changed = [];
    private readonly List<CacheKey> dropped = [];
    private long added, removed, evictions, growth;

    public RecordReply Reply => new()
    {
        Share = new RecordShare("", false, 0, 0, 0, []),
        KeysAdded = added,
        KeysRemoved = removed,
        Evictions = evictions,
        GrowthBytes = growth,
        Changed = changed,
        Dropped = dropped,
    };

    public void Take(RecordChanges changes, IReadOnlyList<CacheKey> keys)
    {
        int sources = 0, repairs = 0;
        for (var i = 0; i < keys.Count; i++)
        {
            switch ((RecordChangeKind)changes.Kinds[i])
            {
                case RecordChangeKind.Set:
                    Set(keys[i], changes.Sizes[i], changes.Versions[i], changes.Events[i]);
                    break;
                case RecordChangeKind.Evict:
                    Remove(keys[i], true, changes.Events[i]);
                    break;
                case RecordChangeKind.Remove:
                    Remove(keys[i], false, changes.Events[i]);
                    break;
                case RecordChangeKind.FetchBegins:
                    record.Begin(keys[i], new Flight((ushort)instance, changes.Sizes[i], changes.Versions[i], changes.Sources[sources++], nowMs + KeyOwnershipRecord.FlightMs), nowMs);
                    break;
                case RecordChangeKind.FetchEnds:
                    record.End(keys[i], instance);
                    break;
                case RecordChangeKind.RepairBegins:
                    record.Content.BeginRepair(instance, changes.Repairs[repairs++]);
                    break;
                case RecordChangeKind.RepairEnds:
                    EndRepair();
                    break;
                default:
                    // A later version's, for records that know it; what it leaves out here the digests tell.
                    break;
            }
        }
    }

    private void Set(CacheKey key, long sizeBytes, long version, int change)
    {
        var did = record.Content.Set(instance, key.Span, key.Database, HashSlot.Of(key.Span), sizeBytes, version);
        if (record.HasFlights) record.End(key, instance);
        if (did.BeforeBytes != did.AfterBytes) Change(change);
        if (did.BeforeBytes < 0) added++;
        growth += did.AfterBytes - Math.Max(0, did.BeforeBytes);
    }

    private void Remove(CacheKey key, bool isEviction, int change)
    {
        var did = record.Content.Remove(instance, key.Span, key.Database);
        if (did.BeforeBytes < 0) return;
        Change(change);
        removed++;
        growth -= did.BeforeBytes;
        if (isEviction) evictions++;
    }

    private void EndRepair()
    {
        var before = record.Content.Share(instance)?.Keys ?? 0;
        growth -= record.Content.EndRepair(instance, dropped);
        removed += before - (record.Content.Share(instance)?.Keys ?? 0);
    }

    private void Change(int change)
    {
        if (changed is not [.., var last] || last != change) changed.Add(change);
    }
}
