using System.Buffers;

namespace Hal.Cache.Gateway.Clients;

/// <summary>Bytes of a request that crosses the border of two blocks of the input, in a pooled buffer. Not thread-safe.</summary>
internal sealed class CarryBuffer
{
    private const int BytesMin = 4 << 10;
    private byte[] buffer = [];

    public int Length { get; private set; }

    /// <summary>Bytes that there is room for.</summary>
    public int Capacity => buffer.Length;

    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, Length);

    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, Length);

    /// <summary>Adds bytes; so many are needed in the end, as far as is known.</summary>
    public void Add(ReadOnlySpan<byte> bytes, long needed)
    {
        if (Length + bytes.Length > buffer.Length)
        {
            int size = Math.Max(BytesMin, (int)Math.Max(Math.Min(needed, int.MaxValue / 2), (Length + bytes.Length) * 2L));
            byte[] larger = ArrayPool<byte>.Shared.Rent(size);
            Span.CopyTo(larger);
            if (buffer.Length > 0)
                ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        bytes.CopyTo(buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Forgets what lies behind the length, or all with 0.</summary>
    public void Cut(int length) => Length = length;

    /// <summary>Gives the buffer back.</summary>
    public void Return()
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        (buffer, Length) = ([], 0);
    }
}
