using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage;

/// <summary>Keeps the newest map of spaces in the log, and marks the ends of atomic changes there.</summary>
internal sealed class SpaceLog(StoreCore core)
{
    private long address;

    /// <summary>Appends the map as it is now; needs all locks, or a start without clients.</summary>
    public void Append(ref WriteScope scope)
    {
        if (core.Log == null)
            return;
        var header = new RecordHeader { Kind = RecordKind.Note, Version = core.Shards[0].NextVersion() };
        if (Write(header, core.Spaces.Save(), out long at))
            Volatile.Write(ref address, at);
        scope.Address = Math.Max(scope.Address, Volatile.Read(ref address));
    }

    public void EndTransaction(ref WriteScope scope)
    {
        var header = new RecordHeader { Kind = RecordKind.Note, Flags = EntryRecords.EndsTransaction, Transaction = scope.Transaction, A = scope.Records, B = scope.FirstAddress };
        if (Write(header, default, out long at))
            scope.Address = Math.Max(scope.Address, at);
    }

    public void Recovered(long at) => address = at;

    /// <summary>Writes the map again if its record lies before an address that is about to be truncated.</summary>
    public void Relocate(long before)
    {
        if (address == 0 || address >= before)
            return;
        WriteScope scope = default;
        foreach (Memory.Shard shard in core.Shards)
            shard.Gate.Enter();
        Append(ref scope);
        foreach (Memory.Shard shard in core.Shards)
            shard.Gate.Exit();
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
}
