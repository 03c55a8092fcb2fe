using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage;

/// <summary>
/// Keeps the newest map of spaces in the log, and marks the ends of atomic changes there. A map that an atomic change makes counts with the rest of
/// that change, once its end is there; until then the one before it does. Thread-safe.
/// </summary>
internal sealed class SpaceLog(StoreCore core)
{
    private readonly Lock gate = new();
    private Map? settled; // null while there is no record of one: every database has the space of its number
    private Map? open;

    /// <summary>Appends the map as it is now; needs all locks, or a start without clients.</summary>
    public void Append(ref WriteScope scope)
    {
        if (core.Log == null)
            return;
        lock (gate)
        {
            var map = new Map(scope.Transaction, core.Spaces.Save());
            if (Write(map, 0, core.Shards[0].NextVersion()) is not { } written)
            {
                scope.Address = Math.Max(scope.Address, settled?.Address ?? 0);
                return;
            }

            if (scope.Transaction == 0)
                settled = written;
            else
                open = written;
            EntryWrites.Appended(written.Address, ref scope);
        }
    }

    public void EndTransaction(ref WriteScope scope)
    {
        var header = new RecordHeader { Kind = RecordKind.Note, Flags = EntryRecords.EndsTransaction, Transaction = scope.Transaction, A = scope.Records, B = scope.FirstAddress };
        if (open?.Transaction != scope.Transaction)
        {
            End(header, ref scope); // it has made no map: nothing is between its end and that of others
            return;
        }

        lock (gate)
        {
            End(header, ref scope);
            (settled, open) = (open, null);
        }
    }

    /// <summary>The map that the log had at the start.</summary>
    public void Recovered(long at, byte[] map)
    {
        lock (gate)
            settled = new(0, map, at);
    }

    /// <summary>Writes again what lies before an address that is about to be truncated.</summary>
    public void Relocate(long before)
    {
        lock (gate)
        {
            if (settled?.Address < before)
                settled = Write(settled with { Transaction = 0 }, EntryRecords.IsRelocated) ?? settled;
            if (open?.Address < before)
                open = Write(open, EntryRecords.IsRelocated) ?? open;
        }
    }

    private void End(RecordHeader header, ref WriteScope scope)
    {
        if (Write(header, default, out long at))
            scope.Address = Math.Max(scope.Address, at);
    }

    /// <summary>The map with the address of its record; null where the log takes no more.</summary>
    private Map? Write(Map map, byte flags, long version = 0)
    {
        var header = new RecordHeader { Kind = RecordKind.Note, Flags = flags, Version = version, Transaction = map.Transaction };
        return Write(header, map.Bytes, out long at) ? map with { Address = at } : null;
    }

    /// <summary>Waits for the flush where the buffer is full: the record is tiny, and the flush needs no lock of ours.</summary>
    private bool Write(RecordHeader header, ReadOnlySpan<byte> value, out long at)
    {
        var spin = default(SpinWait);
        while (!core.Log!.TryAppend(ref header, default, value, out at))
        {
            if (core.Log.Health.State != LogState.Ok)
                return false;
            spin.SpinOnce();
        }

        return true;
    }

    /// <summary>A map in the log, and the atomic change that it belongs to, 0 for none.</summary>
    private sealed record Map(long Transaction, byte[] Bytes, long Address = 0);
}
