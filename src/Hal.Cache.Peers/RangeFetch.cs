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
    /// <summary>Bytes after which they are told of, though more are here.</summary>
    private const int ToldBytesMax = 256 << 10;

    /// <summary>True when the answer was taken to its end, so that the connection may be used again.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Fills the buffer; <paramref name="filled"/> hears how many bytes are good whenever more would have to be waited for.</summary>
    public async ValueTask<CacheError?> RunAsync(RangeRequest request, Memory<byte> buffer, Action<int> filled, CancellationToken cancellation)
    {
        using var stall = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellation);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(RangeWire.RequestBytes + BlobKey.BytesMax + TraceFrame.Bytes);
        var progress = new Progress(filled);
        try
        {
            int length = RangeWire.Write(request, scratch, socket.Trace());
            await socket.SendAsync(scratch.AsMemory(0, length), either.Token).ConfigureAwait(false);
            while (progress.Done < buffer.Length)
            {
                if (await ReceivePieceAsync(buffer, scratch, stall, progress, either.Token).ConfigureAwait(false) is { } error)
                    return error;
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
            progress.Tell();
        }
    }

    // Pieces that are here already are told of together: who passes them on wakes its client once.
    private async ValueTask<CacheError?> ReceivePieceAsync(
        Memory<byte> buffer, byte[] scratch, CancellationTokenSource stall, Progress progress, CancellationToken cancellation)
    {
        // What came behind the last piece is the front of the next one's header, in the place of the next one's bytes.
        int done = progress.Done;
        buffer.Slice(done, progress.Ahead).CopyTo(scratch);
        if (progress.Ahead < RangeWire.PieceHeaderBytes)
            await ReceiveAsync(scratch.AsMemory(progress.Ahead, RangeWire.PieceHeaderBytes - progress.Ahead), progress, cancellation).ConfigureAwait(false);
        stall.CancelAfter(options.StallTimeout);
        progress.Ahead = 0;
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(scratch);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(scratch.AsSpan(sizeof(int)));
        if (bytes == 0)
            return null;
        if (bytes < 0)
            return await RefusedAsync(bytes, (int)crc, scratch, progress, cancellation).ConfigureAwait(false);
        int left = buffer.Length - done;
        if (bytes > left)
            return new CacheError(CacheErrorCode.Unavailable, $"instance '{peer}' sent more than it was asked for");
        Memory<byte> space = buffer.Slice(done, bytes + Math.Min(left - bytes, RangeWire.PieceHeaderBytes));
        int ahead = await ReceiveAsync(space, bytes, progress, cancellation).ConfigureAwait(false) - bytes;
        if (Crc32C.Append(0, buffer.Span.Slice(done, bytes)) != crc)
            return new CacheError(CacheErrorCode.Corrupt, $"bytes from instance '{peer}' fail their checksum");
        progress.Took(bytes, ahead);
        return null;
    }

    private ValueTask<int> ReceiveAsync(Memory<byte> space, Progress progress, CancellationToken cancellation) =>
        ReceiveAsync(space, space.Length, progress, cancellation);

    private ValueTask<int> ReceiveAsync(Memory<byte> space, int least, Progress progress, CancellationToken cancellation)
    {
        ValueTask<int> receiving = socket.ReceiveAsync(space, least, cancellation);
        if (!receiving.IsCompleted)
            progress.Tell();
        return receiving;
    }

    private async ValueTask<CacheError> RefusedAsync(int code, int textBytes, byte[] scratch, Progress progress, CancellationToken cancellation)
    {
        if (textBytes is < 0 or > RangeWire.ErrorBytesMax)
            return new CacheError(CacheErrorCode.Unavailable, $"instance '{peer}' sent an answer that can't be read");
        await ReceiveAsync(scratch.AsMemory(0, textBytes), progress, cancellation).ConfigureAwait(false);
        IsWhole = true;
        return new CacheError(RangeWire.CodeOf(code), Encoding.UTF8.GetString(scratch.AsSpan(0, textBytes)));
    }

    /// <summary>How far the answer has come, and how much of that was told.</summary>
    private sealed class Progress(Action<int> filled)
    {
        private int told;

        /// <summary>Bytes from the front of the buffer that are good.</summary>
        public int Done { get; private set; }

        /// <summary>Bytes behind those that belong to the next piece's header.</summary>
        public int Ahead { get; set; }

        public void Took(int bytes, int ahead)
        {
            (Done, Ahead) = (Done + bytes, ahead);
            if (Done - told >= ToldBytesMax)
                Tell();
        }

        public void Tell()
        {
            if (told < Done)
                filled(told = Done);
        }
    }
}
