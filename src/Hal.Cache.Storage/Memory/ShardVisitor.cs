using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Memory;

/// <summary>Passes entries of one space (or of all) on to a visitor, expired ones left out, and counts them.</summary>
internal unsafe ref struct ShardVisitor(SpaceMap spaces, KeyHash hash, int database, long now, IEntryVisitor visitor)
{
    public int Visited;

    /// <summary>Entries that expire up to this Unix millisecond are left out.</summary>
    public long Now = now;

    /// <summary>Takes the hashes of expired entries; null where nobody wants them.</summary>
    public List<ulong>? Expired;

    public void Visit(EntryHeader* header)
    {
        int owner = spaces.DatabaseOf(header->Space);
        if (owner < 0 || (database >= 0 && owner != database))
            return;
        var entry = new EntryRef(header);
        if (entry.ExpiresAt is not 0 and var at && at <= Now)
        {
            Expired?.Add(hash.Of(entry.Key));
            return;
        }

        Visited++;
        visitor.Visit(owner, entry);
    }
}
