namespace Hal.Cache.Gateway.Rdb;

/// <summary>A growing buffer for a payload.</summary>
internal sealed class RdbWriter
{
    private byte[] buffer = new byte[256];
    private int length;

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    public Span<byte> GetSpan(int bytes)
    {
        if (buffer.Length - length < bytes) Array.Resize(ref buffer, Math.Max(checked(length + bytes), (int)Math.Min(int.MaxValue / 2, buffer.Length * 2L)));
        return buffer.AsSpan(length);
    }

    public void Advance(int bytes) => length += bytes;

    public void Byte(byte value)
    {
        GetSpan(1)[0] = value;
        length++;
    }

    public void Length(long value) => length += RdbStrings.WriteLength((ulong)value, GetSpan(9));

    public void String(ReadOnlySpan<byte> value) => length += RdbStrings.Write(value, GetSpan(RdbStrings.BytesMax(value.Length)));
}
