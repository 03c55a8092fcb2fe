using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// Takes a large argument's body out of the input and into the store chunk by chunk; where the transport allows it, bytes go from the socket
/// straight into the chunk's memory.
/// </summary>
internal sealed class LargeArgumentReader(PipeReader input, CommandContext context, ReplySender sender, CancellationToken closed)
{
    private const int LineEndBytes = 2;

    // What one connection receives before the others have their turn: at memory speed well under a tenth of a millisecond, and each turn that
    // ends sooner leaves more bytes waiting in more sockets, out of the processor's caches.
    private const int TurnBytesMax = 512 << 10;

    private readonly IDirectInput? direct = input as IDirectInput;
    private readonly IInputAhead? ahead = input as IInputAhead;
    private int turnBytes;

    /// <summary>What is left of the input after the body and its line's end.</summary>
    public ReadOnlySequence<byte> Rest { get; private set; }

    /// <summary>Reads a body of so many bytes; null where the client left within it. A body that could not be stored is read to its end.</summary>
    public async ValueTask<ILargeValue?> ReadAsync(ReadOnlySequence<byte> buffer, long length)
    {
        ILargeValue value = context.Store.Stage(length);
        bool isWhole = false;
        try
        {
            Rest = buffer;
            isWhole = await ReadAsync(value).ConfigureAwait(false);
        }
        finally
        {
            if (!isWhole)
                value.Release();
            context.ArrivingBytes = 0;
        }

        return isWhole ? value : null;
    }

    private async ValueTask<bool> ReadAsync(ILargeValue value)
    {
        long left = value.Length;
        for (int index = 0; index < value.ChunkCount && context.Refused == null; index++)
        {
            int length = (int)Math.Min(IBlobStore.ChunkBytes, left);
            while (context.Refused == null && value.TryReserve(index).IsEmpty)
                context.Refused = await context.Store.MakeRoomAsync(length, closed).ConfigureAwait(false);
            if (context.Refused != null)
                break;
            if (!await FillAsync(value, index, length).ConfigureAwait(false))
                return false;
            left -= length;
            context.ArrivingBytes += length;
            while (context.Refused == null && !value.TryCommit(index))
                context.Refused = await context.Store.MakeRoomAsync(length, closed).ConfigureAwait(false);
        }

        return await SkipAsync(left + LineEndBytes).ConfigureAwait(false);
    }

    private async ValueTask<bool> FillAsync(ILargeValue value, int index, int length)
    {
        for (int filled = 0; filled < length;)
        {
            if (!Rest.IsEmpty)
            {
                ReadOnlySpan<byte> block = Rest.FirstSpan;
                int count = Math.Min(block.Length, length - filled);
                block[..count].CopyTo(value.TryReserve(index)[filled..]);
                Rest = Rest.Slice(count);
                filled += count;
            }
            else if (direct != null)
            {
                input.AdvanceTo(Rest.End);
                Rest = default;
                if (ahead is { HasAhead: true } && input.TryRead(out ReadResult came))
                {
                    Rest = came.Buffer;
                    sender.InputTaken(Rest.Length);
                    if (came.IsCanceled)
                        input.CancelPendingRead(); // whoever wakes the reader is heard by the next read
                    continue;
                }

                int count = direct.TryReceive(value.TryReserve(index)[filled..]);
                if (count == 0)
                    return false;
                filled += Math.Max(count, 0);
                turnBytes += Math.Max(count, 0);
                if (filled < length || turnBytes >= TurnBytesMax)
                {
                    turnBytes = 0;
                    await direct.WaitAsync(closed).ConfigureAwait(false);
                }
            }
            else if (!await MoreAsync().ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<bool> SkipAsync(long bytes)
    {
        while (true)
        {
            long count = Math.Min(bytes, Rest.Length);
            Rest = Rest.Slice(count);
            bytes -= count;
            if (bytes == 0)
                return true;
            if (!await MoreAsync().ConfigureAwait(false))
                return false;
        }
    }

    private async ValueTask<bool> MoreAsync()
    {
        input.AdvanceTo(Rest.End);
        while (true)
        {
            ReadResult read = await input.ReadAsync(closed).ConfigureAwait(false);
            Rest = read.Buffer;
            sender.InputTaken(Rest.Length);
            if (!Rest.IsEmpty || read.IsCompleted)
                return !Rest.IsEmpty;
            input.AdvanceTo(Rest.End); // somebody woke the reader
        }
    }
}
