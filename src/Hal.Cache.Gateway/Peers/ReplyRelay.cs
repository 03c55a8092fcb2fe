using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>Passes one reply of the authority on to the client, byte for byte; a long one goes out while the rest is still to come.</summary>
internal sealed class ReplyRelay(CommandContext context)
{
    private readonly int start = context.Reply.Length;

    /// <summary>Whether the client may have got a part of the reply, so that no other can take its place.</summary>
    public bool HasPassedOn { get; private set; }

    /// <summary>What scripts called may come ahead of a reply, for this instance's monitors.</summary>
    public bool HasLines { get; init; }

    /// <summary>
    /// Runs to the end of the next value, a reply or an element of one, and tells whether it is an error, which is counted; throws
    /// <see cref="IOException"/> where the peer goes before it.
    /// </summary>
    public async ValueTask<bool> RunAsync(PipeReader input)
    {
        if (HasLines)
            await MonitorLines.TakeAsync(input, context).ConfigureAwait(false);
        var scanner = default(RespReplyScanner);
        int from = context.Reply.Length; // negative once its front has gone out
        while (!scanner.IsComplete)
        {
            ReadResult read = await input.ReadAsync(context.Cancellation).ConfigureAwait(false);
            long taken = 0;
            foreach (ReadOnlyMemory<byte> block in read.Buffer)
            {
                int count = scanner.Scan(block.Span);
                context.Reply.Raw(block.Span[..count]);
                taken += count;
                if (scanner.IsComplete)
                    break;
            }

            input.AdvanceTo(read.Buffer.GetPosition(taken), read.Buffer.GetPosition(taken));
            if (scanner.IsComplete)
                break;
            if (read.IsCompleted)
                throw new IOException("it closed");
            if (context.Reply.Length >= GatewayLimits.FlushBytes && context.SendSoFar is { } send)
            {
                HasPassedOn = true;
                from = -1;
                await send().ConfigureAwait(false);
            }
        }

        if (scanner.FirstKind is not ((byte)'-' or (byte)'!'))
            return false;
        if (from >= 0)
            context.Server.Errors.Count(TextOf(context.Reply.WrittenSpan[from..]));
        return true;
    }

    /// <summary>Takes the header of an array, and tells its length; null where what comes is none, which is then still to be run.</summary>
    public async ValueTask<int?> TryHeaderAsync(PipeReader input)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(context.Cancellation).ConfigureAwait(false);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                bool isArray = TryCount(read.Buffer.Slice(0, end), out int count);
                SequencePosition taken = isArray ? read.Buffer.GetPosition(1, end) : read.Buffer.Start;
                input.AdvanceTo(taken, taken);
                return isArray ? count : null;
            }

            if (read.IsCompleted)
                throw new IOException("it closed");
            bool isLong = read.Buffer.Length > RespLimits.InlineBytesMax;
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (isLong)
                throw new RespProtocolException($"A line is longer than {RespLimits.InlineBytesMax} bytes.");
        }
    }

    /// <summary>Takes a reply that no client waits for, and copies it where that is wanted.</summary>
    public static async ValueTask TakeAsync(PipeReader input, IBufferWriter<byte>? copy, CancellationToken cancellation)
    {
        var scanner = default(RespReplyScanner);
        while (!scanner.IsComplete)
        {
            ReadResult read = await input.ReadAsync(cancellation).ConfigureAwait(false);
            long taken = 0;
            foreach (ReadOnlyMemory<byte> block in read.Buffer)
            {
                int count = scanner.Scan(block.Span);
                copy?.Write(block.Span[..count]);
                taken += count;
                if (scanner.IsComplete)
                    break;
            }

            input.AdvanceTo(read.Buffer.GetPosition(taken), read.Buffer.GetPosition(taken));
            if (!scanner.IsComplete && read.IsCompleted)
                throw new IOException("it closed");
        }
    }

    /// <summary>Drops what was taken of the reply, as far as it has not gone out.</summary>
    public void Drop()
    {
        if (!HasPassedOn)
            context.DropReply(start);
    }

    private static bool TryCount(ReadOnlySequence<byte> line, out int count)
    {
        Span<byte> text = stackalloc byte[RedisInteger.BytesMax + 2];
        count = 0;
        if (line.Length > text.Length || line.FirstSpan[0] != (byte)'*')
            return false;
        line.CopyTo(text);
        return RedisInteger.TryParse(text[1..(int)line.Length].TrimEnd((byte)'\r'), out long length) && length is >= 0 and <= int.MaxValue && (count = (int)length) >= 0;
    }

    // A blob error has its length in a line of its own.
    private static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> error)
    {
        if (error[0] == (byte)'!')
            error = error[(error.IndexOf((byte)'\n') + 1)..];
        else
            error = error[1..];
        int end = error.IndexOf((byte)'\r');
        return end < 0 ? error : error[..end];
    }
}
