using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hal.Cache.Coherence.Directory;

/// <summary>
/// A hash table from key to holders: 24 bytes and a 4-byte bucket for a key with its first holder, 10 bytes for each further one, before
/// the spare room of growing by half.
/// </summary>
internal sealed class DirectoryPart
{
    private const int HotBit = int.MinValue;
    private const int BucketsMin = 16;

    private int[] buckets = new int[BucketsMin];
    private Slot[] slots = [];
    private Extra[] extras = [];
    private int slotsUsed;
    private int slotsFree;
    private int extrasUsed;
    private int extrasFree;
    private int hand;

    public int Count { get; private set; }

    public int Holders { get; private set; }

    public long Bytes => (buckets.Length * sizeof(int)) + ((long)slots.Length * Unsafe.SizeOf<Slot>()) + ((long)extras.Length * Unsafe.SizeOf<Extra>());

    public bool Contains(KeyId key) => Find(key) != 0;

    /// <summary>Registers a session, or raises its stamp: an older stamp never replaces a newer one.</summary>
    public void Add(KeyId key, ushort session, uint stamp)
    {
        var at = Find(key);
        if (at == 0)
        {
            at = NewSlot(key);
            ref var added = ref slots[at - 1];
            (added.Session, added.Stamp, added.More) = (session, stamp, HotBit);
            Holders++;
            return;
        }

        ref var slot = ref slots[at - 1];
        slot.More |= HotBit;
        if (slot.Session == session)
        {
            slot.Stamp = Math.Max(slot.Stamp, stamp);
            return;
        }

        for (var more = slot.More & ~HotBit; more != 0; more = extras[more - 1].Next)
        {
            ref var extra = ref extras[more - 1];
            if (extra.Session != session) continue;
            extra.Stamp = Math.Max(extra.Stamp, stamp);
            return;
        }

        var made = NewExtra();
        extras[made - 1] = new Extra { Session = session, Stamp = stamp, Next = slot.More & ~HotBit };
        slot.More = made | HotBit;
        Holders++;
    }

    /// <summary>Ends a registration unless its stamp is above the one given.</summary>
    public bool Remove(KeyId key, ushort session, uint stamp)
    {
        var at = Find(key);
        if (at == 0) return false;
        ref var slot = ref slots[at - 1];
        if (slot.Session == session)
        {
            if (slot.Stamp > stamp) return false;
            RemoveFirst(at);
            return true;
        }

        ref var link = ref slot.More;
        for (var more = link & ~HotBit; more != 0; more = link & ~HotBit)
        {
            ref var extra = ref extras[more - 1];
            if (extra.Session == session)
            {
                if (extra.Stamp > stamp) return false;
                link = extra.Next | (link & HotBit);
                FreeExtra(more);
                return true;
            }

            link = ref extra.Next;
        }

        return false;
    }

    /// <summary>Removes a key and lists its holders.</summary>
    public void Take(KeyId key, List<ushort> sessions)
    {
        var at = Find(key);
        if (at == 0) return;
        sessions.Add(slots[at - 1].Session);
        for (var more = slots[at - 1].More & ~HotBit; more != 0; more = extras[more - 1].Next) sessions.Add(extras[more - 1].Session);
        while (!RemoveFirst(at))
        {
        }
    }

    /// <summary>A key that was not registered since the last visit, if there is one among the next <paramref name="steps"/> (second chance).</summary>
    public bool TryNextCold(int steps, out KeyId key)
    {
        for (; steps > 0 && slotsUsed > 0; steps--)
        {
            hand = hand >= slotsUsed ? 1 : hand + 1;
            ref var slot = ref slots[hand - 1];
            if (slot.Session == 0) continue;
            if ((slot.More & HotBit) == 0)
            {
                key = new KeyId(slot.Hash, slot.Database);
                return true;
            }

            slot.More &= ~HotBit;
        }

        key = default;
        return false;
    }

    /// <summary>Removes all registrations of sessions that have ended.</summary>
    public void Sweep(SessionSlots sessions)
    {
        for (var at = 1; at <= slotsUsed; at++)
        {
            SweepExtras(at, sessions);
            while (slots[at - 1].Session != 0 && !sessions.IsLive(slots[at - 1].Session))
            {
                if (RemoveFirst(at)) break;
            }
        }
    }

    private void SweepExtras(int at, SessionSlots sessions)
    {
        ref var link = ref slots[at - 1].More;
        for (var more = link & ~HotBit; more != 0; more = link & ~HotBit)
        {
            ref var extra = ref extras[more - 1];
            if (sessions.IsLive(extra.Session))
            {
                link = ref extra.Next;
                continue;
            }

            link = extra.Next | (link & HotBit);
            FreeExtra(more);
        }
    }

    // Indexes count from 1, so that 0 ends a chain.
    private int Find(KeyId key)
    {
        for (var at = buckets[Bucket(key.Hash)]; at != 0; at = slots[at - 1].Next)
        {
            if (slots[at - 1].Hash == key.Hash && slots[at - 1].Database == key.Database) return at;
        }

        return 0;
    }

    // The first holder goes; the next one takes its place, or the key goes as well, which is told.
    private bool RemoveFirst(int at)
    {
        ref var slot = ref slots[at - 1];
        var more = slot.More & ~HotBit;
        if (more != 0)
        {
            var extra = extras[more - 1];
            (slot.Session, slot.Stamp, slot.More) = (extra.Session, extra.Stamp, extra.Next | (slot.More & HotBit));
            FreeExtra(more);
            return false;
        }

        Holders--;
        ref var link = ref buckets[Bucket(slot.Hash)];
        while (link != at) link = ref slots[link - 1].Next;
        link = slot.Next;
        slot = new Slot { Next = slotsFree };
        slotsFree = at;
        Count--;
        return true;
    }

    private int NewSlot(KeyId key)
    {
        if (slotsFree == 0 && slotsUsed == slots.Length) Array.Resize(ref slots, Math.Max(4, slots.Length + (slots.Length >> 1)));
        if (slots.Length > buckets.Length) Rehash(buckets.Length * 2);
        var at = slotsFree;
        if (at != 0) slotsFree = slots[at - 1].Next;
        else at = ++slotsUsed;
        ref var bucket = ref buckets[Bucket(key.Hash)];
        slots[at - 1] = new Slot { Hash = key.Hash, Database = key.Database, Next = bucket };
        bucket = at;
        Count++;
        return at;
    }

    private void Rehash(int length)
    {
        buckets = new int[length];
        for (var at = 1; at <= slotsUsed; at++)
        {
            ref var slot = ref slots[at - 1];
            if (slot.Session == 0) continue; // in the list of free slots
            ref var bucket = ref buckets[Bucket(slot.Hash)];
            slot.Next = bucket;
            bucket = at;
        }
    }

    private int NewExtra()
    {
        if (extrasFree != 0)
        {
            var at = extrasFree;
            extrasFree = extras[at - 1].Next;
            return at;
        }

        if (extrasUsed == extras.Length) Array.Resize(ref extras, Math.Max(4, extras.Length + (extras.Length >> 1)));
        return ++extrasUsed;
    }

    private void FreeExtra(int at)
    {
        extras[at - 1] = new Extra { Next = extrasFree };
        extrasFree = at;
        Holders--;
    }

    // The part was chosen by the lowest bits.
    private int Bucket(ulong hash) => (int)(hash >> HolderDirectory.PartBits) & (buckets.Length - 1);

    private struct Slot
    {
        public ulong Hash;
        public int Next;
        public int More;
        public uint Stamp;
        public ushort Session;
        public ushort Database;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 2)]
    private struct Extra
    {
        public int Next;
        public uint Stamp;
        public ushort Session;
    }
}
