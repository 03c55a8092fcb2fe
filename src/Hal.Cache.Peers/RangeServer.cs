using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers;

/// <summary>Answers the requests for ranges of one connection, one after the other, each piece as soon as it is there.</summary>
internal sealed class RangeServer(string peer, IPeerHost host, PeerOptions options, TimeProvider time, IDuplexPipe pipe)
{
    private static readonly ActivitySource Source = new(Spans.SourcePrefix + "Peers");

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (await TakeAsync(cancellation).ConfigureAwait(false) is { } taken)
        {
            // What answers may run long, and must not hold the thread that polls sockets.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (!await AnswerAsync(taken.Request, taken.Trace, cancellation).ConfigureAwait(false))
                return;
        }
    }

    private async ValueTask<(RangeRequest Request, ActivityContext Trace)?> TakeAsync(CancellationToken cancellation)
    {
        byte[]? header = await TakeAsync(RangeWire.RequestBytes, cancellation).ConfigureAwait(false);
        if (header == null || RangeWire.KeyBytes(header) is not (>= 0 and <= BlobKey.BytesMax))
            return null;
        byte[]? key = await TakeAsync(RangeWire.KeyBytes(header), cancellation).ConfigureAwait(false);
        byte[]? trace = await TakeAsync(RangeWire.TraceBytes(header), cancellation).ConfigureAwait(false);
        if (key == null || trace == null || RangeWire.Read(header, key) is var request && !RangeWire.IsSound(request))
            return null;
        return (request, trace.Length == 0 ? default : TraceFrame.Read(trace));
    }

    private async ValueTask<byte[]?> TakeAsync(int length, CancellationToken cancellation)
    {
        if (length == 0)
            return [];
        ReadResult read = await pipe.Input.ReadAtLeastAsync(length, cancellation).ConfigureAwait(false);
        if (read.Buffer.Length < length)
        {
            pipe.Input.AdvanceTo(read.Buffer.End);
            return null;
        }

        ReadOnlySequence<byte> taken = read.Buffer.Slice(0, length);
        byte[] bytes = taken.ToArray();
        pipe.Input.AdvanceTo(taken.End);
        return bytes;
    }

    private async ValueTask<bool> AnswerAsync(RangeRequest request, ActivityContext trace, CancellationToken cancellation)
    {
        using Activity? span = Source.Part("fetch", ActivityKind.Server, trace)?.SetTag(SpanTags.Instance, host.Name).SetTag(SpanTags.Peer, peer)
            .SetTag(SpanTags.Offset, request.Offset).SetTag(SpanTags.Bytes, request.Length);
        Result<IRangeReader> opened = await AliveAsync(host.OpenRangeAsync(request, cancellation), cancellation).ConfigureAwait(false);
        span.Ended(opened.Error);
        if (!opened.IsOk)
            return await RefuseAsync(opened.Error, cancellation).ConfigureAwait(false);
        using IRangeReader reader = opened.Value;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(RangeWire.PieceHeaderBytes + RangeWire.PieceBytesMax);
        try
        {
            for (int left = request.Length; left > 0;)
            {
                Memory<byte> piece = buffer.AsMemory(RangeWire.PieceHeaderBytes, Math.Min(left, RangeWire.PieceBytesMax));
                Result<int> read = await AliveAsync(reader.ReadAsync(piece, cancellation), cancellation).ConfigureAwait(false);
                span.Ended(read.Error);
                if (!read.IsOk)
                    return await RefuseAsync(read.Error, cancellation).ConfigureAwait(false);
                if (read.Value == 0)
                    return false;
                left -= read.Value;
                BinaryPrimitives.WriteInt32LittleEndian(buffer, read.Value);
                BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(sizeof(int)), Crc32C.Append(0, piece.Span[..read.Value]));
                if (!await SendAsync(buffer.AsMemory(0, RangeWire.PieceHeaderBytes + read.Value), cancellation).ConfigureAwait(false))
                    return false;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return true;
    }

    private ValueTask<bool> RefuseAsync(CacheError error, CancellationToken cancellation)
    {
        byte[] text = Encoding.UTF8.GetBytes(error.Message);
        int length = Math.Min(text.Length, RangeWire.ErrorBytesMax);
        var answer = new byte[RangeWire.PieceHeaderBytes + length];
        BinaryPrimitives.WriteInt32LittleEndian(answer, RangeWire.LengthOf(error.Code));
        BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(sizeof(int)), length);
        text.AsSpan(0, length).CopyTo(answer.AsSpan(RangeWire.PieceHeaderBytes));
        return SendAsync(answer, cancellation);
    }

    // While this end waits for bytes itself, the other one hears that it is still there.
    private async ValueTask<T> AliveAsync<T>(ValueTask<T> pending, CancellationToken cancellation)
    {
        if (pending.IsCompleted)
            return await pending.ConfigureAwait(false);
        Task<T> task = pending.AsTask();
        while (true)
        {
            try
            {
                return await task.WaitAsync(options.SignOfLife, time, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!task.IsCompleted)
            {
                await SendAsync(new byte[RangeWire.PieceHeaderBytes], cancellation).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        FlushResult flushed = await pipe.Output.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        return !flushed.IsCompleted && !flushed.IsCanceled;
    }
}
