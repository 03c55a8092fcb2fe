using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Streams;

/// <summary>
/// Some entries of a stream in one listpack, in Redis's format, so that payloads hold it as it is. A master: number of entries, number of those marked as
/// deleted, number of fields, the fields, 0. An entry: flags, difference of both parts of its ID to the node's, number of fields where they are not the
/// master's, fields and values (or values alone), number of its elements before this one. Source: the format's description by Redis.
/// </summary>
public sealed class StreamNode
{
    internal const int Overhead = 48;
    internal const int Deleted = 1;
    internal const int SameFields = 2;
    private Listpack items;

    internal StreamNode(StreamId first, Listpack items)
    {
        First = first;
        this.items = items;
    }

    /// <summary>The ID that the entries' IDs are relative to: that of the node's first one, be it deleted.</summary>
    public StreamId First { get; }

    /// <summary>The format's bytes.</summary>
    public ReadOnlySpan<byte> Span => items.Span;

    internal Listpack Items => items;

    internal long MemoryBytes => Overhead + items.MemoryBytes;

    /// <summary>Number of entries that are not deleted.</summary>
    internal long Count => Number(items.First);

    /// <summary>Number of entries, deleted ones too.</summary>
    internal long CountAll => Count + Number(items.Next(items.First));

    /// <summary>Position of the master's number of fields.</summary>
    internal int FieldsAt => items.Next(items.Next(items.First));

    internal static StreamNode New<T>(StreamId first, in T fields)
        where T : IStreamFields, allows ref struct
    {
        Listpack items = Listpack.New(256);
        items.Append(0);
        items.Append(0);
        items.Append(fields.Count / 2);
        for (int i = 0; i < fields.Count; i += 2) items.Append(fields[i]);
        items.Append(0);
        return new(first, items);
    }

    internal void Append<T>(StreamId id, in T fields)
        where T : IStreamFields, allows ref struct
    {
        bool same = HasFields(fields);
        items.Append(same ? SameFields : 0);
        items.Append((long)(id.Ms - First.Ms));
        items.Append((long)(id.Seq - First.Seq));
        if (!same) items.Append(fields.Count / 2);
        for (int i = same ? 1 : 0; i < fields.Count; i += same ? 2 : 1) items.Append(fields[i]);
        items.Append(same ? 3 + (fields.Count / 2) : 4 + fields.Count);
        items.Replace(items.First, Count + 1);
    }

    /// <summary>Position of the first entry's flags, -1 where there is none.</summary>
    internal int FirstEntry()
    {
        int at = FieldsAt;
        for (long left = Number(at) + 2; left > 0; left--) at = items.Next(at);
        return at;
    }

    /// <summary>Position of the last entry's flags, -1 where there is none.</summary>
    internal int LastEntry() => EntryEndingAt(items.Last);

    /// <summary>Position of the flags of the entry before, -1 where there is none.</summary>
    internal int PreviousEntry(int at) => EntryEndingAt(items.Previous(at));

    /// <summary>ID of the entry at a position.</summary>
    internal StreamId IdAt(int at)
    {
        at = items.Next(at);
        return new(First.Ms + (ulong)Number(at), First.Seq + (ulong)Number(items.Next(at)));
    }

    /// <summary>Marks the entry at a position, which is not deleted, as deleted.</summary>
    internal void MarkDeleted(int at)
    {
        items.Replace(at, Number(at) | Deleted);
        items.Replace(items.First, Count - 1);
        int deletedAt = items.Next(items.First);
        items.Replace(deletedAt, Number(deletedAt) + 1);
    }

    /// <summary>Position behind the entry at a position, -1 at the end.</summary>
    internal int NextEntry(int at)
    {
        long flags = Number(at);
        at = items.Next(items.Next(items.Next(at)));
        long left = (flags & SameFields) != 0 ? Number(FieldsAt) : 1 + (2 * Number(at));
        for (; left >= 0; left--) at = items.Next(at);
        return at;
    }

    internal long Number(int at) => items.TryGetInteger(at, out long number) ? number : 0;

    private int EntryEndingAt(int at)
    {
        long elements = Number(at);
        if (elements == 0) return -1; // the master's end
        for (; elements > 0; elements--) at = items.Previous(at);
        return at;
    }

    private bool HasFields<T>(in T fields)
        where T : IStreamFields, allows ref struct
    {
        int at = FieldsAt;
        if (Number(at) != fields.Count / 2) return false;
        for (int i = 0; i < fields.Count; i += 2)
        {
            at = items.Next(at);
            if (!items.IsEqual(at, fields[i])) return false;
        }

        return true;
    }
}
