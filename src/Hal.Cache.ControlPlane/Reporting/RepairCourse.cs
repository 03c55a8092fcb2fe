using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>
/// The course of a repair: compare records, compare the slots of those that differ, tell what the differing slots hold, compare again. Not
/// thread-safe.
/// </summary>
internal sealed class RepairCourse(string instance, long epoch, SlotDigests digests)
{
    private readonly HashSet<int> slots = [];
    private readonly HashSet<int> repaired = [];
    private IReadOnlyList<int> records = [];
    private DigestQuery? query;

    public RepairPhase Phase { get; private set; }

    /// <summary>Scans begun.</summary>
    public long Scans { get; private set; }

    public ulong Cursor { get; set; }

    /// <summary>The next digests are to be taken as soon as nothing waits.</summary>
    public bool WantsDigests => Phase is RepairPhase.WantRecords or RepairPhase.WantSlots;

    public DigestQuery? Query => Phase is RepairPhase.HaveRecords or RepairPhase.HaveSlots ? query : null;

    /// <summary>Asks for a comparison where none is under way.</summary>
    public void Doubt()
    {
        if (Phase == RepairPhase.Idle) Phase = RepairPhase.WantRecords;
    }

    /// <summary>Gives up what is under way: messages are lost, or the control plane is another.</summary>
    public void Restart()
    {
        if (Phase is RepairPhase.Scanning) digests.EndCount(false);
        Phase = RepairPhase.WantRecords;
    }

    /// <summary>Takes the digests of this moment, at which every change has its number.</summary>
    public void Take(long sequence)
    {
        var atRecords = Phase == RepairPhase.WantRecords;
        query = new DigestQuery
        {
            Instance = instance,
            Epoch = epoch,
            Sequence = sequence,
            Level = atRecords ? DigestLevel.Record : DigestLevel.Slot,
            Digests = atRecords
                ? [.. Enumerable.Range(0, HashSlot.Records).Select(r => new ContentDigest(r, digests.OfRecord(r)))]
                : [.. records.SelectMany(r => Enumerable.Range(r * HashSlot.PerRecord, HashSlot.PerRecord)).Select(s => new ContentDigest(s, digests.OfSlot(s)))],
        };
        Phase = atRecords ? RepairPhase.HaveRecords : RepairPhase.HaveSlots;
    }

    /// <summary>Takes the answer; the mark that begins a scan, where one begins.</summary>
    public RepairMark? Take(DigestReply reply)
    {
        if (!reply.Compared)
        {
            Phase = RepairPhase.WantRecords;
            return null;
        }
        if (reply.Differing.Count == 0)
        {
            // Equal slots in differing records: they changed in between, and the next comparison tells.
            if (Phase == RepairPhase.HaveRecords) repaired.Clear();
            Phase = Phase == RepairPhase.HaveRecords ? RepairPhase.Idle : RepairPhase.WantRecords;
            return null;
        }
        if (Phase == RepairPhase.HaveRecords)
        {
            records = [.. reply.Differing.Where(r => r is >= 0 and < HashSlot.Records).Distinct()];
            Phase = RepairPhase.WantSlots;
            return null;
        }
        return Begin(reply.Differing);
    }

    public bool IsTold(int slot) => Phase == RepairPhase.Scanning && slots.Contains(slot);

    /// <summary>The scan is through; the mark that ends the repair.</summary>
    public RepairMark End()
    {
        digests.EndCount(true);
        repaired.UnionWith(slots);
        Phase = RepairPhase.Ending;
        return new RepairMark { Sequence = 0, Begins = false };
    }

    /// <summary>A batch was taken; where it held the end's mark, the next comparison tells whether all is well.</summary>
    public void Sent(EventBatch batch)
    {
        if (Phase == RepairPhase.Ending && batch.Marks.Any(m => !m.Begins)) Phase = RepairPhase.WantRecords;
    }

    private RepairMark Begin(IReadOnlyList<int> differing)
    {
        slots.Clear();
        slots.UnionWith(differing.Where(s => s is >= 0 and < HashSlot.Count));
        foreach (var slot in slots)
        {
            // Differs again right after it was told: then it is our digest that is wrong.
            if (digests.OfSlot(slot) is null || repaired.Contains(slot)) digests.Recount(slot);
        }
        repaired.Clear();
        Cursor = 0;
        Scans++;
        Phase = RepairPhase.Scanning;
        var ranges = new List<SlotRange>();
        foreach (var slot in slots.Order())
        {
            if (ranges is [.., var last] && last.Last == slot - 1) ranges[^1] = last with { Last = slot };
            else ranges.Add(new SlotRange(slot, slot));
        }
        return new RepairMark { Sequence = 0, Begins = true, Slots = ranges };
    }
}
