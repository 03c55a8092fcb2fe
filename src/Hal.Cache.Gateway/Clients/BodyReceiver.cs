using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// Takes the body of a large argument out of the stream and puts it into the store chunk by chunk; where the transport allows it, bytes go
/// from the socket straight into the chunk's memory.
/// </summary>
internal sealed class BodyReceiver(PipeReader input, IBlobStore store)
{
    private readonly IDirectInput? direct = input as IDirectInput;

    /// <summary>
    /// Receives the value's bytes and the line's end behind them; what follows in the buffer is returned. The body is taken out of the
    /// stream also where the store refuses it. Not whole: the stream ended first.
    /// </summary>
    public async ValueTask<(bool IsWhole, ReadOnlySequence<byte> Buffer, CacheError? Error)> ReceiveAsync(
        ILargeValue value, ReadOnlySequence<byte> buffer, CancellationToken closed)
    {
        CacheError? error = null;
        for (int index = 0; index < value.ChunkCount && error == null; index++)
        {
            int length = (int)Math.Min(IBlobStore.ChunkBytes, value.Length - ((long)index * IBlobStore.ChunkBytes));
            while (error == null && value.TryReserve(index).IsEmpty)
                error = await store.MakeRoomAsync(length, closed).ConfigureAwait(false);
            if (error != null)
            {
                long refused = value.Length - ((long)index * IBlobStore.ChunkBytes);
                (bool isSkipped, buffer) = await SkipAsync(buffer, refused, closed).ConfigureAwait(false);
                if (!isSkipped)
                    return (false, buffer, error);
                break;
            }

            (bool isFilled, buffer) = await FillAsync(value, index, length, buffer, closed).ConfigureAwait(false);
            if (!isFilled)
                return (false, buffer, null);
            while (error == null && !value.TryCommit(index))
                error = await store.MakeRoomAsync(length, closed).ConfigureAwait(false);
            if (error == null)
                continue;
            (bool isRestSkipped, buffer) = await SkipAsync(buffer, value.Length - ((long)index * IBlobStore.ChunkBytes) - length, closed).ConfigureAwait(false);
            if (!isRestSkipped)
                return (false, buffer, error);
        }

        const int LineEndBytes = 2;
        (bool isWhole, buffer) = await SkipAsync(buffer, LineEndBytes, closed).ConfigureAwait(false);
        return (isWhole, buffer, error);
    }

    private async ValueTask<(bool IsFilled, ReadOnlySequence<byte> Buffer)> FillAsync(
        ILargeValue value, int index, int length, ReadOnlySequence<byte> buffer, CancellationToken closed)
    {
        for (int filled = 0; filled < length;)
        {
            if (!buffer.IsEmpty)
            {
                ReadOnlySpan<byte> block = buffer.FirstSpan;
                int count = Math.Min(block.Length, length - filled);
                block[..count].CopyTo(value.TryReserve(index)[filled..]);
                buffer = buffer.Slice(count);
                filled += count;
            }
            else if (direct != null)
            {
                input.AdvanceTo(buffer.End);
                buffer = default;
                int count = direct.TryReceive(value.TryReserve(index)[filled..]);
                if (count == 0)
                    return (false, buffer);
                filled += Math.Max(count, 0);
                if (count < 0 || filled == length)
                    await direct.WaitAsync(closed).ConfigureAwait(false); // also between chunks: the others get their turn
            }
            else
            {
                (bool isMore, buffer) = await MoreAsync(buffer, closed).ConfigureAwait(false);
                if (!isMore)
                    return (false, buffer);
            }
        }

        return (true, buffer);
    }

    private async ValueTask<(bool IsSkipped, ReadOnlySequence<byte> Buffer)> SkipAsync(
        ReadOnlySequence<byte> buffer, long bytes, CancellationToken closed)
    {
        while (true)
        {
            long count = Math.Min(bytes, buffer.Length);
            buffer = buffer.Slice(count);
            bytes -= count;
            if (bytes == 0)
                return (true, buffer);
            (bool isMore, buffer) = await MoreAsync(buffer, closed).ConfigureAwait(false);
            if (!isMore)
                return (false, buffer);
        }
    }

    private async ValueTask<(bool IsMore, ReadOnlySequence<byte> Buffer)> MoreAsync(ReadOnlySequence<byte> buffer, CancellationToken closed)
    {
        input.AdvanceTo(buffer.End);
        while (true)
        {
            ReadResult read = await input.ReadAsync(closed).ConfigureAwait(false);
            if (!read.Buffer.IsEmpty || read.IsCompleted)
                return (!read.Buffer.IsEmpty, read.Buffer);
            input.AdvanceTo(read.Buffer.End); // somebody woke the reader
        }
    }
}
