using Hal.Cache.Coherence;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>
/// Hears of the store's changes, gathers those of one command by its thread, and hands them to the authority as one step, with what
/// instances are told whose clients track the keys.
/// </summary>
internal sealed class ChangeCollector(
    Lock gate, Authority authority, IBlobStore store, HolderLinks links, Publications publications, TrackedChanges tracked,
    ThreadLocal<ChangeGroup> groups, TimeProvider time) : IKeyChangeSink
{
    /// <summary>Ends the changes of the command that ran on this thread; the ticket that its reply waits for, 0 for none.</summary>
    public long End(WriteMark writer)
    {
        ChangeGroup group = groups.Value!;
        if (group.IsEmpty)
            return 0;
        ChangeResult result;
        long position = publications.Position;
        lock (gate)
        {
            long now = time.GetTimestamp();
            Notify(group);
            result = group.IsAll ? authority.ChangedAll(position, now)
                : writer.IsSet && group.Changes.Length == 1 ? Changed(group.Changes[0], position, writer, now)
                : authority.Changed(group.Changes, position, now);
            publications.Opened(result.Ticket, position);
        }

        group.Clear();
        return result.Ticket;
    }

    void IKeyChangeSink.Changed(in BlobKey key, KeyChange change, long writer)
    {
        if (authority.IsIdle || change == KeyChange.Fetched)
            return;
        if (!tracked.IsEmpty)
            Collect(key, change, writer);

        // Expiry is no change: the time travels with the copies, and they end first.
        if (change == KeyChange.Expired)
            return;
        long version = change is KeyChange.Deleted or KeyChange.Evicted or KeyChange.Invalidated ? store.TakeVersion(key.Hash) : store.LastVersion(key.Hash);
        var changed = new KeyVersion(IdOf(key), version);
        ChangeGroup group = groups.Value!;
        if (writer != 0)
        {
            group.Add(changed);
            return;
        }

        long position = publications.Position;
        lock (gate)
        {
            Notify(group);
            publications.Opened(authority.Changed(changed.Key, changed.Version, position, null, time.GetTimestamp()).Ticket, position);
        }

        group.Notices.Clear();
        group.NoticeIds.Clear();
    }

    void IKeyChangeSink.Flushing(int database, long writer) => AddAll();

    void IKeyChangeSink.Swapping(int first, int second, long writer) => AddAll();

    internal static KeyId IdOf(in BlobKey key) => new(key.Hash, (ushort)key.Database);

    private void AddAll()
    {
        if (!authority.IsIdle)
            groups.Value!.AddAll();
    }

    private ChangeResult Changed(KeyVersion change, long position, WriteMark writer, long now)
    {
        var mark = new WriterMark(writer.Instance, writer.Session, writer.Flight);
        ChangeResult result = authority.Changed(change.Key, change.Version, position, mark, now);
        publications.Follow(result, writer, change.Version);
        return result;
    }

    // Those of a command's changes go out with its invalidations, which wait for them; an end by time has no round.
    private void Collect(in BlobKey key, KeyChange change, long writer)
    {
        ChangeGroup group = groups.Value!;
        if (change != KeyChange.Expired)
        {
            tracked.Collect(key.Bytes, writer, group.Notices);
            while (group.NoticeIds.Count < group.Notices.Count)
                group.NoticeIds.Add(IdOf(key));
            return;
        }

        List<KeyNotice> notices = [];
        tracked.Collect(key.Bytes, writer, notices);
        lock (gate)
        {
            foreach (KeyNotice notice in notices)
                links.Send(notice.Instance, [notice]);
        }
    }

    // The channel keeps the order: an instance hears the key before the invalidation that it acknowledges.
    private void Notify(ChangeGroup group)
    {
        if (group.Notices.Count == 0)
            return;
        for (int at = 0; at < group.Notices.Count; at++)
            authority.Include(group.Notices[at].Instance, group.NoticeIds[at]);
        foreach (IGrouping<ulong, KeyNotice> instance in group.Notices.GroupBy(static notice => notice.Instance))
            links.Send(instance.Key, [.. instance]);
    }
}
