using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage;

/// <summary>How entries become records of the log, and what those records say.</summary>
internal static unsafe class EntryRecords
{
    /// <summary>The last record of an atomic change.</summary>
    public const byte EndsTransaction = 1;

    /// <summary>A map of spaces that reclaiming has written again: what lies before it may be of a change that has yet to end.</summary>
    public const byte IsRelocated = 2;

    private const byte FromOrigin = 2;
    private const byte IsRaw = 4;
    private const byte IsText = 8;
    private const int ManifestFixedBytes = OriginStamp.Bytes;

    public static RecordHeader HeaderOf(EntryHeader* entry) => new()
    {
        Kind = (entry->Flags & EntryFlags.Large) != 0 ? RecordKind.Manifest : RecordKind.Value,
        Flags = FlagsOf(entry->Flags),
        Space = entry->Space,
        Version = entry->Version,
        ExpiresAt = new EntryRef(entry).ExpiresAt,
        Type = (byte)entry->Type,
        PolicyState = entry->PolicyState,
    };

    public static byte FlagsOf(EntryFlags flags) =>
        (byte)(((flags & EntryFlags.Clean) != 0 ? FromOrigin : 0) | ((flags & EntryFlags.Raw) != 0 ? IsRaw : 0)
            | ((flags & EntryFlags.Text) != 0 ? IsText : 0));

    public static EntryFlags EntryFlagsOf(in RecordHeader header) =>
        ((header.Flags & FromOrigin) != 0 ? EntryFlags.Clean : 0) | ((header.Flags & IsRaw) != 0 ? EntryFlags.Raw : 0)
        | ((header.Flags & IsText) != 0 ? EntryFlags.Text : 0) | (header.Type > (byte)BlobType.String ? EntryFlags.Object : 0);

    /// <summary>Length of a large value's manifest: its origin's stamp, and the chunks' ids.</summary>
    public static int ManifestBytes(LargeValue value) => ManifestFixedBytes + (value.Ids.Length * sizeof(long));

    public static void WriteManifest(LargeValue value, Span<byte> to)
    {
        (value.Origin ?? default).Write(to);
        MemoryMarshal.AsBytes(value.Ids.AsSpan()).CopyTo(to[ManifestFixedBytes..]);
    }

    public static LargeValue ReadManifest(in RecordHeader header, ReadOnlySpan<byte> from, ChunkStore chunks, RoomGate room)
    {
        var ids = new long[(from.Length - ManifestFixedBytes) / sizeof(long)];
        from[ManifestFixedBytes..].CopyTo(MemoryMarshal.AsBytes(ids.AsSpan()));
        var value = new LargeValue(chunks, room, header.B, ids);
        if ((header.Flags & FromOrigin) != 0)
            value.Origin = OriginStamp.Read(from);
        return value;
    }
}
