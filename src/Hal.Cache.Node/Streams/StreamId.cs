using System.Globalization;

namespace Hal.Cache.Node.Streams;

/// <summary>Place of an entry in a stream: milliseconds, then a number among those of one millisecond.</summary>
public readonly record struct StreamId(ulong Ms, ulong Seq) : IComparable<StreamId>
{
    /// <summary>Longest text, in bytes.</summary>
    public const int TextBytesMax = 41;

    public static StreamId Zero => default;

    public static StreamId Max => new(ulong.MaxValue, ulong.MaxValue);

    public static bool operator <(StreamId left, StreamId right) => left.CompareTo(right) < 0;

    public static bool operator >(StreamId left, StreamId right) => left.CompareTo(right) > 0;

    public static bool operator <=(StreamId left, StreamId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(StreamId left, StreamId right) => left.CompareTo(right) >= 0;

    public int CompareTo(StreamId other) => Ms != other.Ms ? Ms.CompareTo(other.Ms) : Seq.CompareTo(other.Seq);

    /// <summary>The ID behind; false where this is the last one.</summary>
    public bool TryNext(out StreamId next)
    {
        StreamId id = this; // which may be where the result goes
        next = id.Seq != ulong.MaxValue ? new(id.Ms, id.Seq + 1) : new(id.Ms + 1, 0);
        return id != Max;
    }

    /// <summary>The ID before; false where this is the first one.</summary>
    public bool TryPrevious(out StreamId previous)
    {
        StreamId id = this;
        previous = id.Seq != 0 ? new(id.Ms, id.Seq - 1) : new(id.Ms - 1, ulong.MaxValue);
        return id != Zero;
    }

    /// <summary>Writes the text, of up to <see cref="TextBytesMax"/> bytes, and returns how many.</summary>
    public int Format(Span<byte> target)
    {
        Ms.TryFormat(target, out int length, provider: CultureInfo.InvariantCulture);
        target[length++] = (byte)'-';
        Seq.TryFormat(target[length..], out int more, provider: CultureInfo.InvariantCulture);
        return length + more;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Ms}-{Seq}");
}
