using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers;

/// <summary>Answers the requests for ranges of one connection, one after the other, each piece as soon as it is there.</summary>
internal sealed class RangeServer(string peer, IPeerHost host, PeerOptions options, TimeProvider time, IDuplexPipe pipe)
{
    private static readonly ActivitySource Source = new(Spans.SourcePrefix + "Peers");

    /// <summary>Pieces are sent together up to so many bytes where they are at hand; the first one alone, so that it comes early.</summary>
    private const int TogetherBytesMax = 256 << 10;

    /// <summary>The same for places of pieces, which are soon said.</summary>
    private const int LocatedBytesMax = 1 << 20;

    private const int Broken = -1;
    private const int Refused = 0;

    private readonly ILendingOutput? lending = pipe.Output as ILendingOutput;
    private IRangeReader? answered;
    private IRangeReader? told; // whose fleeting pieces are to be taken
    private bool isAwaited;
    private ITimer? patience;

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await AnswerAllAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            answered?.Dispose();
            Forget();
            patience?.Dispose();
        }
    }

    private async ValueTask AnswerAllAsync(CancellationToken cancellation)
    {
        for (bool isBorrowed = false; ;)
        {
            // An answer that had to wait goes on where its bytes have come, on a thread that brings others': the next one must not stay there.
            ValueTask<Asked?> taking = TakeAsync(cancellation);
            if (isBorrowed && taking.IsCompleted)
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (await taking.ConfigureAwait(false) is not { } asked)
                return;
            Forget();
            isBorrowed = false;
            if (asked.Request.Length == 0)
                continue;
            ValueTask<bool> answering = AnswerAsync(asked, cancellation);
            isBorrowed = !answering.IsCompleted;
            if (!await answering.ConfigureAwait(false))
                return;
        }
    }

    private async ValueTask<Asked?> TakeAsync(CancellationToken cancellation)
    {
        byte[]? header = await TakeAsync(RangeWire.RequestBytes, cancellation).ConfigureAwait(false);
        if (header != null && RangeWire.IsTaken(header))
            return default(Asked);
        if (header == null || RangeWire.KeyBytes(header) is not (>= 0 and <= BlobKey.BytesMax))
            return null;
        byte[]? key = await TakeAsync(RangeWire.KeyBytes(header), cancellation).ConfigureAwait(false);
        byte[]? trace = await TakeAsync(RangeWire.TraceBytes(header), cancellation).ConfigureAwait(false);
        if (key == null || trace == null || RangeWire.Read(header, key) is var request && !RangeWire.IsSound(request))
            return null;
        return new Asked(request, trace.Length == 0 ? default : TraceFrame.Read(trace), RangeWire.IsLocated(header));
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

    private async ValueTask<bool> AnswerAsync(Asked asked, CancellationToken cancellation)
    {
        RangeRequest request = asked.Request;
        using Activity? span = Source.Part("fetch", ActivityKind.Server, asked.Trace)?.SetTag(SpanTags.Instance, host.Name).SetTag(SpanTags.Peer, peer)
            .SetTag(SpanTags.Offset, request.Offset).SetTag(SpanTags.Bytes, request.Length);
        Result<IRangeReader> opened = await AliveAsync(host.OpenRangeAsync(request, cancellation), cancellation).ConfigureAwait(false);
        span.Ended(opened.Error);
        if (!opened.IsOk)
            return await RefuseAsync(opened.Error, cancellation).ConfigureAwait(false);
        IRangeReader reader = opened.Value;
        answered = reader;
        isAwaited = false;
        int unsent = 0, together = asked.IsLocated ? LocatedBytesMax : RangeWire.PieceBytesMax;
        for (int left = request.Length; left > 0 || unsent > 0;)
        {
            int written = left > 0 ? TryWrite(reader, left, asked.IsLocated) : 0;
            (left, unsent) = (left - written, unsent + written);
            if (written > 0 && unsent < together)
                continue;
            if (unsent > 0)
            {
                if (!await FlushAsync(cancellation).ConfigureAwait(false))
                    return false;
                (unsent, together) = (0, asked.IsLocated ? LocatedBytesMax : Math.Min(TogetherBytesMax, 2 * together));
                continue;
            }

            if (await AliveAsync(reader.WaitAsync(cancellation), cancellation).ConfigureAwait(false) is { } error)
            {
                span.Ended(error);
                return await RefuseAsync(error, cancellation).ConfigureAwait(false);
            }

            unsent = TryWrite(reader, left, asked.IsLocated);
            left -= unsent;
            if (unsent > 0)
                continue;
            int sent = await ReadAndSendAsync(reader, left, span, cancellation).ConfigureAwait(false);
            if (sent <= 0)
                return sent == Refused;
            left -= sent;
        }

        Release(isAwaited);
        return true;
    }

    /// <summary>The answer has ended: its reader is let go, or kept for a while until the peer has copied what it was told of.</summary>
    private void Release(bool isKept)
    {
        (IRangeReader? reader, answered) = (answered, null);
        if (!isKept)
        {
            reader?.Dispose();
            return;
        }

        told = reader;
        patience ??= time.CreateTimer(static server => ((RangeServer)server!).Forget(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        patience.Change(options.StallTimeout, Timeout.InfiniteTimeSpan);
    }

    private void Forget() => Interlocked.Exchange(ref told, null)?.Dispose();

    /// <summary>Puts a piece into the output, straight from where it is, or says where that is; its length, 0 where it is not in memory.</summary>
    private int TryWrite(IRangeReader reader, int left, bool isLocated)
    {
        if (isLocated && reader.TryLocate(Math.Min(left, RangeWire.PieceBytesMax)) is { Bytes: > 0 } located)
        {
            RangeWire.WriteLocated(pipe.Output.GetSpan(RangeWire.LocatedHeaderBytes), located);
            pipe.Output.Advance(RangeWire.LocatedHeaderBytes);
            isAwaited |= located.IsFleeting;
            return located.Bytes;
        }

        if (lending != null && left >= LentBytes.WorthwhileMin && reader.TryLend(Math.Min(left, RangeWire.PieceBytesMax)) is { Count: > 0 } lent)
        {
            RangeWire.WritePieceHeader(pipe.Output.GetSpan(RangeWire.PieceHeaderBytes), lent.Span);
            pipe.Output.Advance(RangeWire.PieceHeaderBytes);
            lending.Lend(lent);
            return lent.Count;
        }

        Span<byte> space = pipe.Output.GetSpan(RangeWire.PieceHeaderBytes + Math.Min(left, RangeWire.PieceBytesMax));
        Span<byte> piece = space.Slice(RangeWire.PieceHeaderBytes, Math.Min(left, RangeWire.PieceBytesMax));
        int count = reader.TryRead(piece);
        if (count == 0)
            return 0;
        RangeWire.WritePieceHeader(space, piece[..count]);
        pipe.Output.Advance(RangeWire.PieceHeaderBytes + count);
        return count;
    }

    /// <summary>
    /// The same with a buffer of its own, beside which signs of life can be sent; the bytes that were sent, <see cref="Refused"/>, or
    /// <see cref="Broken"/>.
    /// </summary>
    private async ValueTask<int> ReadAndSendAsync(IRangeReader reader, int left, Activity? span, CancellationToken cancellation)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(RangeWire.PieceHeaderBytes + RangeWire.PieceBytesMax);
        Memory<byte> piece = buffer.AsMemory(RangeWire.PieceHeaderBytes, Math.Min(left, RangeWire.PieceBytesMax));
        Result<int> read = await AliveAsync(reader.ReadAsync(piece, cancellation), cancellation).ConfigureAwait(false);
        span.Ended(read.Error);
        bool isSent;
        if (!read.IsOk)
        {
            isSent = await RefuseAsync(read.Error, cancellation).ConfigureAwait(false);
        }
        else
        {
            RangeWire.WritePieceHeader(buffer, piece.Span[..read.Value]);
            isSent = read.Value > 0 && await SendAsync(buffer.AsMemory(0, RangeWire.PieceHeaderBytes + read.Value), cancellation).ConfigureAwait(false);
        }

        ArrayPool<byte>.Shared.Return(buffer); // not where it threw: the read may still be filling it
        return !isSent ? Broken : read.IsOk ? read.Value : Refused;
    }

    private ValueTask<bool> RefuseAsync(CacheError error, CancellationToken cancellation)
    {
        Release(isKept: false); // nobody will say that it was taken
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
            catch (TimeoutException) when (!task.IsFaulted) // it may have come just now, which the next round sees
            {
                await SendAsync(new byte[RangeWire.PieceHeaderBytes], cancellation).ConfigureAwait(false);
            }
        }
    }

    private ValueTask<bool> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        pipe.Output.Write(bytes.Span);
        return FlushAsync(cancellation);
    }

    private async ValueTask<bool> FlushAsync(CancellationToken cancellation)
    {
        FlushResult flushed = await pipe.Output.FlushAsync(cancellation).ConfigureAwait(false);
        return !flushed.IsCompleted && !flushed.IsCanceled;
    }

    /// <summary>What a peer asks for; <see langword="default"/> where it says that it has taken what it was told of.</summary>
    private readonly record struct Asked(RangeRequest Request, ActivityContext Trace, bool IsLocated);
}
