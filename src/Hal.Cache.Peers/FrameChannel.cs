using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Peers;

/// <summary>
/// Frames both ways on one connection: four bytes of length, then the frame. Sending queues and returns; a task of the pool empties
/// the queue, everything that has come meanwhile in one write.
/// </summary>
internal sealed class FrameChannel(string peer, IDuplexPipe pipe, int queueBytesMax, Action abort) : IFrameChannel
{
    private const int HeaderBytes = sizeof(int);

    private readonly Lock gate = new();
    private ArrayBufferWriter<byte> queued = new();
    private ArrayBufferWriter<byte> sending = new();
    private bool isSending;
    private bool isClosed;

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
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frame.Length, IFrameChannel.FrameBytesMax, nameof(frame));
        bool starts;
        lock (gate)
        {
            if (isClosed)
                return false;
            if (queued.WrittenCount + frame.Length > queueBytesMax)
            {
                isClosed = true;
                ThreadPool.UnsafeQueueUserWorkItem(static cut => cut(), abort, preferLocal: false);
                return false;
            }

            Span<byte> target = queued.GetSpan(HeaderBytes + frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(target, frame.Length);
            frame.CopyTo(target[HeaderBytes..]);
            queued.Advance(HeaderBytes + frame.Length);
            starts = !isSending;
            isSending = true;
        }

        // Never here: the caller may hold a lock of the store.
        if (starts)
            ThreadPool.UnsafeQueueUserWorkItem(static channel => _ = channel.SendAsync(), this, preferLocal: false);
        return true;
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

    /// <summary>Hands every frame to the sink until the connection ends, then tells it so.</summary>
    public async Task RunAsync(IFrameSink sink, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                ReadResult read = await pipe.Input.ReadAsync(cancellation).ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = read.Buffer;
                while (TryTake(ref buffer, sink))
                {
                }

                pipe.Input.AdvanceTo(buffer.Start, read.Buffer.End);
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
            sink.Closed();
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

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                lock (gate)
                {
                    if (queued.WrittenCount == 0 || isClosed)
                    {
                        isSending = false;
                        return;
                    }

                    (queued, sending) = (sending, queued);
                    queued.ResetWrittenCount();
                }

                FlushResult flushed = await pipe.Output.WriteAsync(sending.WrittenMemory).ConfigureAwait(false);
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    Close();
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            Close();
        }
    }
}
