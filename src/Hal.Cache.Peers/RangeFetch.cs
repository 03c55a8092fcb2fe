using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers;

/// <summary>One request for a range on one connection: each piece's checksum is checked when it has come.</summary>
internal sealed class RangeFetch(string peer, PeerSocket socket, PeerOptions options, TimeProvider time)
{
    /// <summary>True when the answer was taken to its end, so that the connection may be used again.</summary>
    public bool IsWhole { get; private set; }

    public async ValueTask<CacheError?> RunAsync(RangeRequest request, Memory<byte> buffer, Action<int> filled, CancellationToken cancellation)
    {
        using var stall = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellation);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(RangeWire.RequestBytes + BlobKey.BytesMax + TraceFrame.Bytes);
        try
        {
            int length = RangeWire.Write(request, scratch, socket.Trace());
            await socket.Stream.WriteAsync(scratch.AsMemory(0, length), either.Token).ConfigureAwait(false);
            for (int done = 0; done < buffer.Length;)
            {
                await socket.Stream.ReadExactlyAsync(scratch.AsMemory(0, RangeWire.PieceHeaderBytes), either.Token).ConfigureAwait(false);
                stall.CancelAfter(options.StallTimeout);
                int bytes = BinaryPrimitives.ReadInt32LittleEndian(scratch);
                uint crc = BinaryPrimitives.ReadUInt32LittleEndian(scratch.AsSpan(sizeof(int)));
                if (bytes == 0)
                    continue;
                if (bytes < 0)
                    return await RefusedAsync(bytes, (int)crc, scratch, either.Token).ConfigureAwait(false);
                if (bytes > buffer.Length - done)
                    return new CacheError(CacheErrorCode.Unavailable, $"instance '{peer}' sent more than it was asked for");
                Memory<byte> piece = buffer.Slice(done, bytes);
                await socket.Stream.ReadExactlyAsync(piece, either.Token).ConfigureAwait(false);
                if (Crc32C.Append(0, piece.Span) != crc)
                    return new CacheError(CacheErrorCode.Corrupt, $"bytes from instance '{peer}' fail their checksum");
                filled(done += bytes);
            }

            IsWhole = true;
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new CacheError(CacheErrorCode.Unavailable, $"instance '{peer}' sent nothing for {options.StallTimeout.TotalSeconds} s");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return new CacheError(CacheErrorCode.Unavailable, $"the connection to instance '{peer}' broke: {e.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private async ValueTask<CacheError> RefusedAsync(int code, int textBytes, byte[] scratch, CancellationToken cancellation)
    {
        if (textBytes is < 0 or > RangeWire.ErrorBytesMax)
            return new CacheError(CacheErrorCode.Unavailable, $"instance '{peer}' sent an answer that can't be read");
        await socket.Stream.ReadExactlyAsync(scratch.AsMemory(0, textBytes), cancellation).ConfigureAwait(false);
        IsWhole = true;
        return new CacheError(RangeWire.CodeOf(code), Encoding.UTF8.GetString(scratch.AsSpan(0, textBytes)));
    }
}
