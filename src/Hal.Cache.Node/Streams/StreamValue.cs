using System.Buffers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Streams;

/// <summary>
/// A stream: nodes of entries by the IDs of their first ones, and consumer groups. A stream stays when its last entry goes. Not thread-safe: its shard's
/// lock guards it.
/// </summary>
public sealed class StreamValue : ICollectionValue
{
    /// <summary>Stands for a number of entries that can't be told.</summary>
    public const long Unknown = -1;

    private const int Overhead = 240;
    private readonly CollectionLimits limits;
    private readonly MemoryCount memory = new();

    public StreamValue(CollectionLimits limits)
    {
        this.limits = limits;
        Nodes = new IdMap<StreamNode>(memory);
    }

    public BlobType Type => BlobType.Stream;

    public bool IsEmpty => false;

    public long MemoryBytes => Overhead + memory.Bytes;

    /// <summary>Number of entries.</summary>
    public long Count { get; private set; }

    /// <summary>ID of the first entry, zero where there is none.</summary>
    public StreamId FirstId { get; private set; }

    /// <summary>The greatest ID that was ever given out.</summary>
    public StreamId LastId { get; private set; }

    /// <summary>The greatest ID that was deleted by itself, not by trimming.</summary>
    public StreamId MaxDeletedId { get; private set; }

    /// <summary>Number of entries that were ever added.</summary>
    public long EntriesAdded { get; private set; }

    public IdMap<StreamNode> Nodes { get; }

    public NameMap<StreamGroup> Groups { get; } = new();

    /// <summary>Adds an entry, whose ID is greater than <see cref="LastId"/>, with fields and values, which a listpack takes.</summary>
    public void Append<T>(StreamId id, in T fields, ChangeLog? log)
        where T : IStreamFields, allows ref struct
    {
        if (log is not null) Log(id, fields, log);
        IdPosition at = Nodes.End;
        if (!Nodes.TryPrevious(ref at, out _, out StreamNode? node) || !HasRoom(node, fields))
        {
            node = StreamNode.New(id, fields);
            Nodes.TryAdd(id, node);
            memory.Bytes += node.MemoryBytes;
        }

        long before = node.MemoryBytes;
        node.Append(id, fields);
        memory.Bytes += node.MemoryBytes - before;
        EntriesAdded++;
        LastId = id;
        if (++Count == 1) FirstId = id;
    }

    /// <summary>Deletes an entry; false where there is none.</summary>
    public bool Delete(StreamId id, ChangeLog? log)
    {
        StreamCursor entries = Entries(id, id, false, default);
        if (!entries.MoveNext()) return false;
        StreamNode node = entries.Node;
        if (node.Count == 1)
        {
            Remove(node);
        }
        else
        {
            long before = node.MemoryBytes;
            node.MarkDeleted(entries.At);
            memory.Bytes += node.MemoryBytes - before;
        }

        Count--;
        if (id > MaxDeletedId) MaxDeletedId = id;
        if (id == FirstId) FindFirst();
        log?.Add(StreamChange.Delete);
        log?.AddId(id);
        return true;
    }

    /// <summary>
    /// Removes entries from the head and gives their number: down to a number of entries, or those below an ID; whole nodes only where that suffices. No node
    /// goes that would make it more than <paramref name="most"/> entries, 0 for no limit.
    /// </summary>
    public long Trim(long? length, StreamId below, bool wholeNodes, long most, ChangeLog? log)
    {
        long removed = 0;
        while (length is null || Count > length)
        {
            IdPosition at = Nodes.Start;
            if (!Nodes.TryNext(ref at, out _, out StreamNode? node)) break;
            long count = node.Count;
            if (most != 0 && removed + count > most) break;
            if (length is not null ? Count - count >= length : node.IdAt(node.LastEntry()) < below)
            {
                Remove(node);
                Count -= count;
                removed += count;
                continue;
            }

            if (!wholeNodes) removed += TrimNode(node, length is not null ? Count - length.Value : long.MaxValue, length is not null ? StreamId.Max : below);
            break;
        }

        if (removed == 0) return 0;
        FindFirst();
        log?.Add(StreamChange.Trim, removed);
        return removed;
    }

    /// <summary>Sets what the next IDs and the counts of groups go by.</summary>
    public void SetId(StreamId lastId, long entriesAdded, StreamId maxDeletedId, ChangeLog? log)
    {
        (LastId, EntriesAdded, MaxDeletedId) = (lastId, entriesAdded, maxDeletedId);
        log?.Add(StreamChange.SetId);
        log?.AddId(lastId);
        log?.AddNumber(entriesAdded);
        log?.AddId(maxDeletedId);
    }

    /// <summary>Makes a group; null where there is one of that name.</summary>
    public StreamGroup? CreateGroup(ReadOnlySpan<byte> name, StreamId id, long entriesRead, ChangeLog? log)
    {
        if (Groups.Find(name) is not null) return null;
        var group = new StreamGroup(name.ToArray(), id, entriesRead, memory);
        Groups.Add(group.NameBytes, group);
        log?.Add(StreamChange.CreateGroup);
        log?.AddBytes(name);
        log?.AddId(id);
        log?.AddNumber(entriesRead);
        return group;
    }

    public bool DestroyGroup(ReadOnlySpan<byte> name, ChangeLog? log)
    {
        if (Groups.Find(name) is not { } group) return false;
        Groups.Remove(name);
        group.Release();
        log?.Add(StreamChange.DestroyGroup);
        log?.AddBytes(name);
        return true;
    }

    /// <summary>The entries between two IDs; the scratch space of <see cref="StreamCursor.ScratchBytes"/> is for fields and values.</summary>
    public StreamCursor Entries(StreamId low, StreamId high, bool backward, Span<byte> scratch) => new(Nodes, low, high, backward, scratch);

    public bool Contains(StreamId id) => Entries(id, id, false, default).MoveNext();

    /// <summary>The greatest ID of an entry that is there; zero where there is none.</summary>
    public StreamId LastEntryId()
    {
        StreamCursor entries = Entries(StreamId.Zero, StreamId.Max, true, default);
        return entries.MoveNext() ? entries.Id : StreamId.Zero;
    }

    /// <summary>Whether entries behind an ID may have been deleted from between others.</summary>
    public bool HasGapsFrom(StreamId id) => Count > 0 && MaxDeletedId != StreamId.Zero && FirstId <= MaxDeletedId && id <= MaxDeletedId;

    /// <summary>How many entries were added up to an ID, or <see cref="Unknown"/>; by Redis's rules.</summary>
    public long EntriesUpTo(StreamId id)
    {
        if (EntriesAdded == 0) return 0;
        if ((Count == 0 && id <= LastId) || id == LastId) return EntriesAdded;
        if (id > LastId) return Unknown;
        if (MaxDeletedId != StreamId.Zero && MaxDeletedId >= FirstId) return Unknown;
        if (id < FirstId) return EntriesAdded - Count;
        return id == FirstId ? EntriesAdded - Count + 1 : Unknown;
    }

    /// <summary>How many entries a group has not yet got, or <see cref="Unknown"/>; by Redis's rules.</summary>
    public long? LagOf(StreamGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (EntriesAdded == 0) return 0;
        if (group.EntriesRead != Unknown && !HasGapsFrom(group.LastId)) return EntriesAdded - group.EntriesRead;
        long read = EntriesUpTo(group.LastId);
        return read == Unknown ? null : EntriesAdded - read;
    }

    public void Write(IBufferWriter<byte> destination) => StreamBlob.Write(this, destination);

    public bool TryApply(ReadOnlySpan<byte> change) => StreamReplay.TryApply(this, change);

    /// <summary>Adds a node as a blob or a payload has it; false where its bytes are malformed, or there is one with its first ID.</summary>
    public bool TryAddNode(StreamId first, ReadOnlySpan<byte> listpack)
    {
        if (StreamCheck.Read(first, listpack) is not { } node || !Nodes.TryAdd(first, node)) return false;
        memory.Bytes += node.MemoryBytes;
        Count += node.Count;
        return true;
    }

    /// <summary>Sets what a blob or a payload says of the first entry; null where it says nothing.</summary>
    public void RestoreFirst(StreamId? id)
    {
        if (id is { } known) FirstId = known;
        else FindFirst();
    }

    private void FindFirst()
    {
        StreamCursor entries = Entries(StreamId.Zero, StreamId.Max, false, default);
        FirstId = entries.MoveNext() ? entries.Id : StreamId.Zero;
    }

    private long TrimNode(StreamNode node, long most, StreamId below)
    {
        long removed = 0, before = node.MemoryBytes;
        int at = node.FirstEntry();
        while (at >= 0 && removed < most && node.IdAt(at) < below)
        {
            bool isDeleted = (node.Number(at) & StreamNode.Deleted) != 0;
            int shifted = node.Span.Length;
            if (!isDeleted)
            {
                node.MarkDeleted(at);
                removed++;
            }

            at = node.NextEntry(at + node.Span.Length - shifted); // the master's counts may have grown
        }

        Count -= removed;
        memory.Bytes += node.MemoryBytes - before;
        return removed;
    }

    private void Remove(StreamNode node)
    {
        Nodes.Remove(node.First);
        memory.Bytes -= node.MemoryBytes;
    }

    private bool HasRoom<T>(StreamNode node, in T fields)
        where T : IStreamFields, allows ref struct
    {
        long bytes = node.Span.Length;
        for (int i = 0; i < fields.Count; i++) bytes += fields[i].Length;
        long most = limits.StreamNodeBytesMax is > 0 and < Listpack.BytesMax ? limits.StreamNodeBytesMax : Listpack.BytesMax;
        return bytes < most && (limits.StreamNodeEntriesMax == 0 || node.CountAll < limits.StreamNodeEntriesMax);
    }

    private static void Log<T>(StreamId id, in T fields, ChangeLog log)
        where T : IStreamFields, allows ref struct
    {
        log.Add(StreamChange.Append);
        log.AddId(id);
        log.AddNumber(fields.Count);
        for (int i = 0; i < fields.Count; i++) log.AddBytes(fields[i]);
    }
}
