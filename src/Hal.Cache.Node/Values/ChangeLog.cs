using System.Buffers.Binary;

namespace Hal.Cache.Node.Values;

/// <summary>
/// The changes that a command made to a value, as the store logs them and the value's TryApply reads them after a restart: a kind, then its
/// operands. One per connection, reused.
/// </summary>
public sealed class ChangeLog
{
    private const int BytesKept = 64 << 10;
    private byte[] buffer = [];
    private int length;

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    public bool IsEmpty => length == 0;

    /// <summary>Forgets all; a large buffer is given up.</summary>
    public void Clear()
    {
        length = 0;
        if (buffer.Length > BytesKept) buffer = [];
    }

    internal void Add(ChangeKind kind, ReadOnlySpan<byte> first)
    {
        Span<byte> target = Reserve(1 + 5 + first.Length);
        target[0] = (byte)kind;
        length += 1 + Put(target[1..], first);
    }

    internal void Add(ChangeKind kind, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Span<byte> target = Reserve(1 + 10 + first.Length + second.Length);
        target[0] = (byte)kind;
        int at = 1 + Put(target[1..], first);
        length += at + Put(target[at..], second);
    }

    internal void Add(ChangeKind kind, long number)
    {
        Span<byte> target = Reserve(1 + sizeof(long));
        target[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(target[1..], number);
        length += 1 + sizeof(long);
    }

    internal void Add(ChangeKind kind, long number, ReadOnlySpan<byte> value)
    {
        Add(kind, number);
        Span<byte> target = Reserve(5 + value.Length);
        length += Put(target, value);
    }

    private static int Put(Span<byte> target, ReadOnlySpan<byte> value)
    {
        uint left = (uint)value.Length;
        int at = 0;
        for (; left >= 0x80; left >>= 7) target[at++] = (byte)(left | 0x80);
        target[at++] = (byte)left;
        value.CopyTo(target[at..]);
        return at + value.Length;
    }

    private Span<byte> Reserve(int more)
    {
        if (buffer.Length - length < more) Array.Resize(ref buffer, checked(Math.Max(Math.Max(256, length + more), buffer.Length * 2)));
        return buffer.AsSpan(length);
    }
}
