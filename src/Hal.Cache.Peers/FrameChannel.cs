using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Peers;

/// <summary>
/// Frames both ways on one connection: four bytes of length, then the frame. Sending queues and returns; the queue is emptied, everything
/// that has come meanwhile in one write, by a task of the pool, by whoever flushes, or by the reader after what it has handed over.
/// </summary>
internal sealed class FrameChannel(string peer, IDuplexPipe pipe, int queueBytesMax, Action abort) : IFrameChannel
{
    private const int HeaderBytes = sizeof(int);

    private readonly Lock gate = new();
    private ArrayBufferWriter<byte> queued = new();
    private ArrayBufferWriter<byte> sending = new();
    private bool isSending;
    private bool isClosed;
    private TaskCompletionSource? idle;

    public string Peer => peer;

    public int QueuedBytes
    {
        get
        {
            lock (gate)
                return queued.WrittenCount;
        }
    }

    public bool TrySend(ReadOnlySpan<byte> frame)
    {
        bool isQueued = TryQueue(frame, startsSending: true, out bool starts);

        // Never here: the caller may hold a lock of the store.
        if (starts)
            ThreadPool.UnsafeQueueUserWorkItem(static channel => _ = channel.SendAsync(), this, preferLocal: false);
        return isQueued;
    }

    public bool TryQueue(ReadOnlySpan<byte> frame) => TryQueue(frame, startsSending: false, out _);

    public void Flush()
    {
        if (TryBeginSending(evenIfEmpty: false))
            _ = SendAsync();
    }

    public void Close()
    {
        lock (gate)
        {
            if (isClosed)
                return;
            isClosed = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static cut => cut(), abort, preferLocal: false);
    }

    /// <summary>Hands every frame to the sink until the connection ends, then tells it so, when nothing is being sent any more.</summary>
    public async Task RunAsync(IFrameSink sink, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                ReadResult read = await pipe.Input.ReadAsync(cancellation).ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = read.Buffer;
                Take(ref buffer, sink);
                pipe.Input.AdvanceTo(buffer.Start, read.Buffer.End);
                sink.Drained();
                if (read.IsCompleted || read.IsCanceled)
                    return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidDataException or InvalidOperationException)
        {
            // The peer is gone, or not what it should be: either way the channel is over.
        }
        finally
        {
            Close();
            await SendingEndedAsync().ConfigureAwait(false);
            sink.Closed();
        }
    }

    // What the sink answers is sent here and in one write: another thread would have to be woken for it, once more for each round trip.
    private void Take(ref ReadOnlySequence<byte> buffer, IFrameSink sink)
    {
        bool sends = TryBeginSending(evenIfEmpty: true);
        try
        {
            while (TryTake(ref buffer, sink))
            {
            }
        }
        finally
        {
            if (sends)
                _ = SendAsync();
        }
    }

    private static bool TryTake(ref ReadOnlySequence<byte> buffer, IFrameSink sink)
    {
        if (buffer.Length < HeaderBytes)
            return false;
        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is < 0 or > IFrameChannel.FrameBytesMax)
            throw new InvalidDataException("A frame's length is out of range.");
        if (buffer.Length < HeaderBytes + length)
            return false;
        ReadOnlySequence<byte> frame = buffer.Slice(HeaderBytes, length);
        if (frame.IsSingleSegment)
        {
            sink.Received(frame.FirstSpan);
        }
        else
        {
            byte[] whole = ArrayPool<byte>.Shared.Rent(length);
            frame.CopyTo(whole);
            sink.Received(whole.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(whole);
        }

        buffer = buffer.Slice(HeaderBytes + length);
        return true;
    }

    private bool TryQueue(ReadOnlySpan<byte> frame, bool startsSending, out bool starts)
    {
        starts = false;
        lock (gate)
        {
            if (isClosed)
                return false;

            // Who sends may be a timer, which has nobody to tell of a failure: the link ends, and what is kept up by it begins anew.
            if (frame.Length > IFrameChannel.FrameBytesMax || queued.WrittenCount + frame.Length > queueBytesMax)
            {
                isClosed = true;
                ThreadPool.UnsafeQueueUserWorkItem(static cut => cut(), abort, preferLocal: false);
                return false;
            }

            Span<byte> target = queued.GetSpan(HeaderBytes + frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(target, frame.Length);
            frame.CopyTo(target[HeaderBytes..]);
            queued.Advance(HeaderBytes + frame.Length);
            starts = startsSending && !isSending;
            isSending |= starts;
            return true;
        }
    }

    private bool TryBeginSending(bool evenIfEmpty)
    {
        lock (gate)
        {
            if (isSending || isClosed || (queued.WrittenCount == 0 && !evenIfEmpty))
                return false;
            return isSending = true;
        }
    }

    // For whoever has begun: until nothing is queued, or the channel is over.
    private async Task SendAsync()
    {
        bool isDone = false;
        try
        {
            while (!isDone)
            {
                lock (gate)
                {
                    isDone = queued.WrittenCount == 0 || isClosed;
                    if (isDone)
                    {
                        EndSending();
                        return;
                    }

                    (queued, sending) = (sending, queued);
                    queued.ResetWrittenCount();
                }

                FlushResult flushed = await pipe.Output.WriteAsync(sending.WrittenMemory).ConfigureAwait(false);
                if (flushed.IsCompleted || flushed.IsCanceled)
                    Close();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            Close();
        }
        finally
        {
            if (!isDone)
            {
                lock (gate)
                    EndSending();
            }
        }
    }

    // Under the lock.
    private void EndSending()
    {
        isSending = false;
        idle?.TrySetResult();
    }

    // The pipe is its owner's again after that: nobody may write to it any more.
    private Task SendingEndedAsync()
    {
        lock (gate)
        {
            if (!isSending)
                return Task.CompletedTask;
            idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        pipe.Output.CancelPendingFlush();
        return idle.Task;
    }
}
