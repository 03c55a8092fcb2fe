using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Strings;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Rdb;

/// <summary>Reads a DUMP payload that was staged in the store, chunk by chunk.</summary>
internal static class LargePayload
{
    /// <summary>
    /// Whether the payload holds a string as it is, whose value can be copied; null with the error where the checksum or the format is
    /// wrong. A compressed string has to be put together first.
    /// </summary>
    public static async ValueTask<(ILargeValue? Value, CacheError? Error)> CopyAsync(IBlobStore store, ILargeValue payload, CancellationToken cancellation)
    {
        ValueSnapshot source = ValueSnapshot.Of(payload);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
        try
        {
            if (await SumAsync(source, buffer, cancellation) is { } wrong) return (null, wrong);
            Memory<byte> first = buffer.AsMemory(0, DumpPayload.HeaderBytesMax);
            if (await source.ReadAsync(0, first, cancellation) is { } unread) return (null, unread);
            if (!DumpPayload.TryReadHeader(first.Span, out int headerBytes, out long length) || headerBytes + length + DumpPayload.TrailerBytes != payload.Length)
                return (null, new CacheError(CacheErrorCode.Invalid, "Bad data format"));
            return await LargeValueBuilder.ChangeAsync(
                store, default, length, _ => true, (offset, chunk, c) => source.ReadAsync(headerBytes + offset, chunk, c), cancellation);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whether the string in the payload is as it is, by the payload's second byte.</summary>
    public static async ValueTask<bool> IsPlainAsync(ILargeValue payload, CancellationToken cancellation)
    {
        byte[] first = new byte[2];
        return await ValueSnapshot.Of(payload).ReadAsync(0, first, cancellation) is null && first[1] >> 6 != 3;
    }

    private static async ValueTask<CacheError?> SumAsync(ValueSnapshot source, byte[] buffer, CancellationToken cancellation)
    {
        ulong crc = 0;
        long summed = source.Length - sizeof(ulong);
        for (long offset = 0; offset < summed; offset += IBlobStore.ChunkBytes)
        {
            Memory<byte> bytes = buffer.AsMemory(0, (int)Math.Min(IBlobStore.ChunkBytes, summed - offset));
            if (await source.ReadAsync(offset, bytes, cancellation) is { } error) return error;
            crc = Crc64.Compute(bytes.Span, crc);
        }

        byte[] trailer = new byte[DumpPayload.TrailerBytes];
        if (await source.ReadAsync(source.Length - trailer.Length, trailer, cancellation) is { } unread) return unread;
        return DumpPayload.IsTrailer(trailer, crc) ? null : new CacheError(CacheErrorCode.Invalid, "DUMP payload version or checksum are wrong");
    }
}
