using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// What travels with the authority's answer besides version and length: the value's type, how OBJECT ENCODING is to show it, its expiry on
/// the authority's clock in Unix milliseconds (0 for never), and a small value's bytes.
/// </summary>
internal readonly record struct CopyPayload(BlobType Type, EntryFlags Flags, long ExpiresAt, bool HasBytes, ReadOnlyMemory<byte> Bytes, bool IsElsewhere = false)
{
    private const EntryFlags Shown = EntryFlags.Raw | EntryFlags.Text;

    /// <summary>Says that the value is of a kind that is not copied: commands that read it run at the authority.</summary>
    public static byte[] Elsewhere { get; } = Write(BlobType.None, EntryFlags.None, 0, false, default);

    public static byte[] Write(BlobType type, EntryFlags flags, long expiresAt, bool hasBytes, ReadOnlySpan<byte> bytes)
    {
        var to = new FrameWriter();
        to.Byte((byte)type);
        to.UInt16((ushort)(flags & Shown));
        to.Int64(expiresAt);
        to.Byte(hasBytes ? (byte)1 : (byte)0);
        to.Bytes(bytes);
        return to.Written.ToArray();
    }

    public static CopyPayload Read(ReadOnlyMemory<byte> payload)
    {
        var from = new FrameReader(payload.Span);
        var type = (BlobType)from.Byte();
        var flags = (EntryFlags)from.UInt16() & Shown;
        long expiresAt = from.Int64();
        bool hasBytes = from.Byte() != 0;
        int length = from.Bytes().Length;
        return new(type, flags, expiresAt, hasBytes, payload[(payload.Length - from.Remaining - length)..(payload.Length - from.Remaining)], type == BlobType.None);
    }
}
