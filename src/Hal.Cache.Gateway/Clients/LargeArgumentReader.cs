using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Clients;

/// <summary>Takes a large argument's body out of the input and into the store, through one pooled chunk.</summary>
internal sealed class LargeArgumentReader(PipeReader input, CommandContext context, CancellationToken closed)
{
    private const int LineEndBytes = 2;

    /// <summary>What is left of the input after the body and its line's end.</summary>
    public ReadOnlySequence<byte> Rest { get; private set; }

    /// <summary>Reads a body of so many bytes; null where the client left within it. A body that could not be stored is read to its end.</summary>
    public async ValueTask<ILargeValue?> ReadAsync(ReadOnlySequence<byte> buffer, long length)
    {
        ILargeValue value = context.Store.Stage(length);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
        bool isWhole = false;
        try
        {
            isWhole = await ReadAsync(buffer, length, value, chunk).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
            if (!isWhole)
                value.Release();
        }

        return isWhole ? value : null;
    }

    private async ValueTask<bool> ReadAsync(ReadOnlySequence<byte> buffer, long left, ILargeValue value, byte[] chunk)
    {
        int filled = 0, index = 0, ending = LineEndBytes;
        while (left > 0 || ending > 0)
        {
            if (buffer.IsEmpty)
            {
                input.AdvanceTo(buffer.End);
                ReadResult read = await input.ReadAsync(closed).ConfigureAwait(false);
                buffer = Rest = read.Buffer;
                if (buffer.IsEmpty && read.IsCompleted)
                    return false;
                continue;
            }

            ReadOnlyMemory<byte> block = buffer.First;
            if (left == 0)
            {
                int skip = Math.Min(ending, block.Length);
                ending -= skip;
                buffer = buffer.Slice(skip);
                continue;
            }

            int count = (int)Math.Min(Math.Min(block.Length, left), IBlobStore.ChunkBytes - filled);
            if (context.Refused == null)
                block.Span[..count].CopyTo(chunk.AsSpan(filled));
            buffer = buffer.Slice(count);
            filled += count;
            left -= count;
            if (filled < IBlobStore.ChunkBytes && left > 0)
                continue;
            context.Refused ??= await value.WriteChunkAsync(index++, chunk.AsMemory(0, filled), closed).ConfigureAwait(false);
            filled = 0;
        }

        Rest = buffer;
        return true;
    }
}
