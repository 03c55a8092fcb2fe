using Hal.Cache.Coherence;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree;

/// <summary>Look-ups in an instance that is not the authority: a copy is served while its registration is good, everything else is asked for.</summary>
internal sealed class CopyLookup(CopyHosts hosts, PeerReads reads, KeyspaceStatistics statistics)
{
    public CopyHosts Hosts => hosts;

    /// <summary>True with the copy, or none where the authority says so; false with what to await. Needs the lock.</summary>
    /// <param name="readAt">See <see cref="WriteScope.ReadAt"/>.</param>
    public bool TryFind(
        in BlobKey key, Need need, CommandMemory? memory, bool isAhead, in EntryRef entry, ref long readAt, out EntryRef found, out Fault fault)
    {
        (found, fault) = (entry, default);
        if (!entry.IsNone)
        {
            // The stamp is with the value.
            if ((entry.Flags & (EntryFlags.OnDisk | EntryFlags.Large)) == EntryFlags.OnDisk)
            {
                fault = FaultOf(FaultKind.Load, Need.Value, key);
                return false;
            }

            bool isFetched = memory?.KnowsFresh(key, entry.Version) == true;
            if (isFetched || (hosts.Copies.TryStamp(entry, out OriginStamp stamp) && hosts.Of(key.Bytes).IsServable(stamp, ref readAt)))
            {
                if (isAhead)
                    return true;
                if ((entry.Flags & (EntryFlags.Object | EntryFlags.Unread)) != 0)
                    NoteRead(entry);
                if (!isFetched && memory?.TakeMissed(key) != true) // what was fetched for this command counted as a miss
                    statistics.Hit(key);
                return true;
            }
        }

        found = default;
        if (memory?.KnowsAbsent(key) == true)
            return true;
        if (entry.IsNone && hosts.Of(key.Bytes).IsAbsent(key))
        {
            if (!isAhead && memory?.TakeMissed(key) != true)
                statistics.Miss(key);
            return true;
        }

        if (memory?.TakeMissed(key) != true) // who looks ahead again for the same command notes it again
            statistics.Miss(key);
        fault = FaultOf(FaultKind.Fetch, need, key);
        return false;
    }

    /// <summary>Whether a copy that can be served, or one that says that there is no such key, is registered. Needs the lock.</summary>
    public bool IsRegistered(in BlobKey key, in EntryRef entry) => entry.IsNone
        ? hosts.Of(key.Bytes).IsAbsent(key)
        : hosts.Copies.TryStamp(entry, out OriginStamp stamp) && hosts.Of(key.Bytes).IsServable(stamp);

    /// <summary>Where the missing chunks of a copy come from.</summary>
    public ObjectSource SourceOf(in BlobKey key, ILargeValue value, OriginStamp stamp) =>
        new PeerSource(key.Database, key.Bytes.ToArray(), (long)stamp.Validator, value.Length, reads);

    private static void NoteRead(in EntryRef entry)
    {
        entry.MarkRead();
        if (entry.IsObject)
            entry.CopyReads++;
    }

    private static Fault FaultOf(FaultKind kind, Need need, in BlobKey key) => new(kind, need, key.Database, key.Bytes.ToArray(), 0);
}
