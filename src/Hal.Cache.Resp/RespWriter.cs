using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace Hal.Cache.Resp;

/// <summary>
/// Writes replies of either protocol into a buffer of its own, up to <see cref="RespLimits.ReplyBytesMax"/>; more throws
/// <see cref="InvalidOperationException"/>. Not thread-safe.
/// </summary>
[SuppressMessage("Naming", "CA1720", Justification = "Integer and Double are the protocol's names for its types.")]
public sealed class RespWriter : IDisposable
{
    internal const int LineEndBytes = 2;
    private const int LengthLineBytesMax = 1 + RedisInteger.BytesMax + 2;
    private const uint CrLf = 0x0A0D;

    private readonly List<DeferredBody> deferred = [];
    private byte[] buffer = [];
    private int length;
    private int protocol = 2;

    /// <summary>The protocol's version that replies are written in: 2 or 3.</summary>
    public int Protocol
    {
        get => protocol;
        set => protocol = value is 2 or 3 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The protocol is 2 or 3.");
    }

    /// <summary>Bytes written since the last <see cref="Clear"/>, deferred bodies not counted.</summary>
    public int Length => length;

    /// <summary>Bytes that its buffer has room for.</summary>
    public int Capacity => buffer.Length;

    /// <summary>What was written, valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, length);

    /// <summary>What was written, valid until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan => buffer.AsSpan(0, length);

    /// <summary>Bodies that belong between the written bytes, in order; disposing of their sources is the caller's.</summary>
    public IReadOnlyList<DeferredBody> Deferred => deferred;

    /// <summary>Writes "+OK".</summary>
    public void Ok() => Raw("+OK\r\n"u8);

    /// <summary>Writes a status; line ends in it become spaces.</summary>
    public void SimpleString(ReadOnlySpan<byte> text) => Line((byte)'+', text);

    /// <summary>
    /// Writes an error, such as "ERR syntax error", without its leading '-', up to <see cref="RespLimits.ErrorBytesMax"/>; line ends in it become spaces.
    /// </summary>
    public void Error(ReadOnlySpan<byte> text) => Line((byte)'-', text.Length > RespLimits.ErrorBytesMax ? text[..RespLimits.ErrorBytesMax] : text);

    /// <summary>The same, in UTF-8.</summary>
    public void Error(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var start = length + 1;
        var characters = text.AsSpan(0, Math.Min(text.Length, RespLimits.ErrorBytesMax));
        var target = GetSpan(Encoding.UTF8.GetMaxByteCount(characters.Length) + 3);
        target[0] = (byte)'-';
        var bytes = Math.Min(Encoding.UTF8.GetBytes(characters, target[1..]), RespLimits.ErrorBytesMax);
        target[1 + bytes] = (byte)'\r';
        target[2 + bytes] = (byte)'\n';
        length = start + bytes + 2;
        SpacesForLineEnds(buffer.AsSpan(start, bytes));
    }

    /// <summary>Writes an integer.</summary>
    public void Integer(long value) => LengthLine((byte)':', value);

    /// <summary>Writes a string of any bytes.</summary>
    public void Bulk(ReadOnlySpan<byte> value)
    {
        // One reservation for header, body and end: this is the reply of a GET.
        Reserve(value.Length + LengthLineBytesMax + 2);
        LengthLineReserved((byte)'$', value.Length);
        value.CopyTo(buffer.AsSpan(length));
        length += value.Length;
        EndReserved();
    }

    /// <summary>Writes an integer as a bulk string.</summary>
    public void BulkInteger(long value)
    {
        Span<byte> digits = stackalloc byte[RedisInteger.BytesMax];
        Bulk(digits[..RedisInteger.Format(value, digits)]);
    }

    /// <summary>Writes the header of a bulk string whose body, of so many bytes, and <see cref="EndBulk"/> follow.</summary>
    public void BulkHeader(long bytes) => LengthLine((byte)'$', bytes);

    /// <summary>Ends the body after a <see cref="BulkHeader"/>.</summary>
    public void EndBulk()
    {
        Reserve(2);
        EndReserved();
    }

    /// <summary>
    /// Writes a whole bulk string but its body, which the connection reads from <paramref name="source"/> when it flushes.
    /// </summary>
    /// <param name="isNewest">See <see cref="DeferredBody"/>.</param>
    public void BulkDeferred(long bytes, object source, bool isNewest = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentNullException.ThrowIfNull(source);
        int start = length;
        BulkHeader(bytes);
        deferred.Add(new DeferredBody(start, length, bytes, source, isNewest));
        EndBulk();
    }

    /// <summary>Writes the absence of a value.</summary>
    public void Null()
    {
        if (protocol == 3) Raw("_\r\n"u8);
        else Raw("$-1\r\n"u8);
    }

    /// <summary>Writes the absence of an array.</summary>
    public void NullArray()
    {
        if (protocol == 3) Raw("_\r\n"u8);
        else Raw("*-1\r\n"u8);
    }

    /// <summary>Starts an array of so many replies.</summary>
    public void ArrayHeader(int count) => LengthLine((byte)'*', count);

    /// <summary>Starts a map of so many pairs; in RESP2 an array of twice as many replies.</summary>
    public void MapHeader(int pairs)
    {
        if (protocol == 3) LengthLine((byte)'%', pairs);
        else LengthLine((byte)'*', 2L * pairs);
    }

    /// <summary>Starts a set of so many replies; in RESP2 an array.</summary>
    public void SetHeader(int count) => LengthLine(protocol == 3 ? (byte)'~' : (byte)'*', count);

    /// <summary>Starts an out-of-band message of so many replies; in RESP2 an array.</summary>
    public void PushHeader(int count) => LengthLine(protocol == 3 ? (byte)'>' : (byte)'*', count);

    /// <summary>
    /// Puts the header of an array before the replies that were written since <see cref="Length"/> was <paramref name="position"/>,
    /// for arrays whose count is known only at their end; it moves those bytes.
    /// </summary>
    public void ArrayHeaderAt(int position, int count) => HeaderAt(position, count, isMap: false);

    /// <summary>Does the same for a map; in RESP2 for an array of twice as many replies.</summary>
    public void MapHeaderAt(int position, int pairs) => HeaderAt(position, pairs, isMap: true);

    /// <summary>Writes a double as <see cref="RedisDouble"/> formats it; in RESP2 as a bulk string.</summary>
    public void Double(double value)
    {
        Span<byte> text = stackalloc byte[RedisDouble.BytesMax];
        text = text[..RedisDouble.Format(value, text)];
        if (protocol == 3) Line((byte)',', text);
        else Bulk(text);
    }

    /// <summary>Writes a truth value; in RESP2 the integer 1 or 0.</summary>
    public void Boolean(bool value)
    {
        if (protocol == 3) Raw(value ? "#t\r\n"u8 : "#f\r\n"u8);
        else Raw(value ? ":1\r\n"u8 : ":0\r\n"u8);
    }

    /// <summary>Writes an integer of any size from its decimal digits; in RESP2 as a bulk string.</summary>
    public void BigNumber(ReadOnlySpan<byte> digits)
    {
        if (protocol == 3) Line((byte)'(', digits);
        else Bulk(digits);
    }

    /// <summary>Writes a text with its format's three letters, such as "txt"; in RESP2 as a bulk string without the format.</summary>
    public void Verbatim(ReadOnlySpan<byte> format, ReadOnlySpan<byte> text)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(format.Length, 3, nameof(format));
        if (protocol == 2)
        {
            Bulk(text);
            return;
        }

        LengthLine((byte)'=', text.Length + 4L);
        Raw(format);
        Raw(":"u8);
        Raw(text);
        EndBulk();
    }

    /// <summary>Writes bytes as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }

    /// <summary>Writes bytes as they are at an earlier position, ahead of what was written from there on.</summary>
    public void Insert(int position, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)position, (uint)length, nameof(position));
        Reserve(bytes.Length);
        buffer.AsSpan(position, length - position).CopyTo(buffer.AsSpan(position + bytes.Length));
        bytes.CopyTo(buffer.AsSpan(position));
        length += bytes.Length;
        MoveBodies(position, bytes.Length);
    }

    /// <summary>Room for at least so many bytes, to be written directly and then counted with <see cref="Advance"/>.</summary>
    public Span<byte> GetSpan(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Reserve(bytes);
        return buffer.AsSpan(length);
    }

    /// <summary>Counts bytes that were written into <see cref="GetSpan"/>.</summary>
    public void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(buffer.Length - length), nameof(bytes));
        length += bytes;
    }

    /// <summary>Drops what was written after the position, such as a reply that could not be finished, and its deferred bodies.</summary>
    public void Truncate(int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)position, (uint)length, nameof(position));
        length = position;
        while (deferred.Count > 0 && deferred[^1].Position >= position) deferred.RemoveAt(deferred.Count - 1);
    }

    /// <summary>Drops everything that was written and keeps the buffer.</summary>
    public void Clear()
    {
        length = 0;
        if (deferred.Count > 0) deferred.Clear();
    }

    /// <summary>Drops everything that was written and gives the buffer back; the next write rents another.</summary>
    public void ReturnBuffer()
    {
        Clear();
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    /// <summary>Gives the buffer back; the writer may be used again.</summary>
    public void Dispose() => ReturnBuffer();

    private void HeaderAt(int position, int count, bool isMap)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)position, (uint)length, nameof(position));
        var end = length;
        if (isMap) MapHeader(count);
        else ArrayHeader(count);
        var bytes = length - end;
        Span<byte> header = stackalloc byte[LengthLineBytesMax];
        buffer.AsSpan(end, bytes).CopyTo(header);
        buffer.AsSpan(position, end - position).CopyTo(buffer.AsSpan(position + bytes));
        header[..bytes].CopyTo(buffer.AsSpan(position));
        MoveBodies(position, bytes);
    }

    private void MoveBodies(int from, int by)
    {
        for (var i = deferred.Count - 1; i >= 0 && deferred[i].Start >= from; i--)
            deferred[i] = deferred[i] with { Start = deferred[i].Start + by, Position = deferred[i].Position + by };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LengthLine(byte kind, long value)
    {
        Reserve(LengthLineBytesMax);
        LengthLineReserved(kind, value);
    }

    private void LengthLineReserved(byte kind, long value)
    {
        var target = buffer.AsSpan(length);
        if ((ulong)value <= 9)
        {
            // Kind, digit, CR and LF in one store.
            BinaryPrimitives.WriteUInt32LittleEndian(target, kind | ((uint)('0' + value) << 8) | (CrLf << 16));
            length += 4;
            return;
        }

        target[0] = kind;
        int digits;
        if ((ulong)value <= 99)
        {
            var tens = (uint)value / 10;
            target[1] = (byte)('0' + tens);
            target[2] = (byte)('0' + (uint)value - (tens * 10));
            digits = 2;
        }
        else
        {
            digits = RedisInteger.Format(value, target[1..]);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(target[(1 + digits)..], (ushort)CrLf);
        length += digits + 3;
    }

    private void EndReserved()
    {
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(length), (ushort)CrLf);
        length += 2;
    }

    private void Line(byte kind, ReadOnlySpan<byte> text)
    {
        Reserve(text.Length + 3);
        buffer[length] = kind;
        var target = buffer.AsSpan(length + 1, text.Length);
        text.CopyTo(target);
        SpacesForLineEnds(target);
        length += text.Length + 1;
        EndReserved();
    }

    private static void SpacesForLineEnds(Span<byte> text)
    {
        for (int at; (at = text.IndexOfAny((byte)'\r', (byte)'\n')) >= 0; text = text[(at + 1)..]) text[at] = (byte)' ';
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int bytes)
    {
        if (bytes > buffer.Length - length) Grow(bytes);
    }

    private void Grow(int bytes)
    {
        var needed = (long)length + bytes;
        if (needed > RespLimits.ReplyBytesMax)
            throw new InvalidOperationException($"A reply of {needed} bytes exceeds the limit of {RespLimits.ReplyBytesMax} bytes.");
        var size = Math.Min(RespLimits.ReplyBytesMax, Math.Max(needed, Math.Max(RespLimits.ReplyBytesFirst, 2L * buffer.Length)));
        var larger = ArrayPool<byte>.Shared.Rent((int)size);
        buffer.AsSpan(0, length).CopyTo(larger);
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
