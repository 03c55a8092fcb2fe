using Hal.Cache.ControlPlane.Content;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>An instance's digests by slot, kept up with its changes: 144 KiB. Not thread-safe.</summary>
internal sealed class SlotDigests
{
    private readonly ulong[] digests = new ulong[HashSlot.Count];
    private readonly SlotTruth[] truths = new SlotTruth[HashSlot.Count];
    private ulong total;
    private int notKnown;

    public SlotDigests(bool startsEmpty)
    {
        if (startsEmpty) return;
        Array.Fill(truths, SlotTruth.Unknown);
        notKnown = HashSlot.Count;
    }

    /// <summary>Nothing is known any more, as after a flush.</summary>
    public void Lose()
    {
        Array.Clear(digests);
        Array.Fill(truths, SlotTruth.Unknown);
        total = 0;
        notKnown = HashSlot.Count;
    }

    /// <summary>Sum of all digests; null while one is not known.</summary>
    public ulong? Total => notKnown == 0 ? total : null;

    public ulong? OfSlot(int slot) => truths[slot] == SlotTruth.Known ? digests[slot] : null;

    public ulong? OfRecord(int record)
    {
        ulong sum = 0;
        for (var slot = record * HashSlot.PerRecord; slot < (record + 1) * HashSlot.PerRecord; slot++)
        {
            if (truths[slot] != SlotTruth.Known) return null;
            sum += digests[slot];
        }
        return sum;
    }

    /// <summary>Takes a change: what was there goes, what is there now (null: nothing) comes.</summary>
    public void Change(int slot, ulong keyHash, Before before, (long SizeBytes, long Version)? after)
    {
        if (before.Kind == BeforeKind.Copy) Shift(slot, 0 - EntryDigest.Of(keyHash, before.SizeBytes, before.Version));
        if (after is { } copy) Shift(slot, EntryDigest.Of(keyHash, copy.SizeBytes, copy.Version));
        // A change during a count may come before or after the scan tells the key, which nobody notes: the count is then void.
        if (before.Kind == BeforeKind.Unknown || truths[slot] == SlotTruth.Counting) Set(slot, SlotTruth.Unknown);
    }

    /// <summary>Lets the scan that begins count a slot anew: its digest is not known, or has proved wrong.</summary>
    public void Recount(int slot)
    {
        Set(slot, SlotTruth.Counting);
        Shift(slot, 0 - digests[slot]);
    }

    /// <summary>Takes an object that the scan tells; it counts where the slot is counted anew.</summary>
    public void Tell(int slot, ulong keyHash, long sizeBytes, long version)
    {
        if (truths[slot] == SlotTruth.Counting) Shift(slot, EntryDigest.Of(keyHash, sizeBytes, version));
    }

    /// <summary>Ends the scan: what it counted to the end, without a change in between, is known.</summary>
    public void EndCount(bool complete)
    {
        for (var slot = 0; slot < truths.Length; slot++)
        {
            if (truths[slot] == SlotTruth.Counting) Set(slot, complete ? SlotTruth.Known : SlotTruth.Unknown);
        }
    }

    private void Shift(int slot, ulong by)
    {
        digests[slot] += by;
        total += by;
    }

    private void Set(int slot, SlotTruth truth)
    {
        if (truths[slot] == SlotTruth.Known) notKnown++;
        if (truth == SlotTruth.Known) notKnown--;
        truths[slot] = truth;
    }
}
