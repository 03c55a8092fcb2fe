using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Rdb;

/// <summary>A DUMP payload of a large string, not compressed, that is written while it is sent: nothing of it is held but its ends.</summary>
internal sealed class DumpBody : IByteSource
{
    private readonly IByteSource value;
    private readonly byte[] header;
    private byte[]? trailer;
    private int headerSent;
    private int trailerSent;
    private ulong crc;

    public DumpBody(IByteSource value)
    {
        this.value = value;
        header = DumpPayload.HeaderOf(value.Remaining);
        crc = Crc64.Compute(header);
    }

    public long Remaining => header.Length - headerSent + value.Remaining + DumpPayload.TrailerBytes - trailerSent;

    public int PieceBytes => headerSent < header.Length ? header.Length - headerSent : value.Remaining > 0 ? value.PieceBytes : DumpPayload.TrailerBytes - trailerSent;

    public int TryRead(Span<byte> destination)
    {
        if (headerSent < header.Length) return Copy(header, ref headerSent, destination);
        if (value.Remaining > 0) return Sum(destination, value.TryRead(destination));
        return Copy(trailer ??= DumpPayload.TrailerOf(crc), ref trailerSent, destination);
    }

    /// <summary>None: they are summed up as they are copied.</summary>
    public LentBytes TryLend(int bytesMax) => default;

    public async ValueTask<Result<int>> ReadAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        if (headerSent < header.Length || value.Remaining == 0) return TryRead(destination.Span);
        Result<int> read = await value.ReadAsync(destination, cancellation).ConfigureAwait(false);
        if (read.IsOk) Sum(destination.Span, read.Value);
        return read;
    }

    public void Dispose() => value.Dispose();

    private static int Copy(byte[] from, ref int at, Span<byte> destination)
    {
        int count = Math.Min(destination.Length, from.Length - at);
        from.AsSpan(at, count).CopyTo(destination);
        at += count;
        return count;
    }

    private int Sum(Span<byte> bytes, int count)
    {
        crc = Crc64.Compute(bytes[..count], crc);
        return count;
    }
}
