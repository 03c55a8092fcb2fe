using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>Passes one reply of the authority on to the client, byte for byte; a long one goes out while the rest is still to come.</summary>
internal sealed class ReplyRelay(CommandContext context)
{
    private readonly int start = context.Reply.Length;
    private RespReplyScanner scanner;

    /// <summary>Whether the client may have got a part of the reply, so that no other can take its place.</summary>
    public bool HasPassedOn { get; private set; }

    /// <summary>Runs to the reply's end; throws <see cref="IOException"/> where the peer goes before it.</summary>
    public async ValueTask RunAsync(PipeReader input)
    {
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
                await send().ConfigureAwait(false);
            }
        }

        if (scanner.FirstKind is (byte)'-' or (byte)'!')
            context.NoteFailure();
    }

    /// <summary>Takes a reply that nobody waits for.</summary>
    public static async ValueTask SkipAsync(PipeReader input, CancellationToken cancellation)
    {
        var scanner = default(RespReplyScanner);
        while (!scanner.IsComplete)
        {
            ReadResult read = await input.ReadAsync(cancellation).ConfigureAwait(false);
            long taken = 0;
            foreach (ReadOnlyMemory<byte> block in read.Buffer)
            {
                taken += scanner.Scan(block.Span);
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
}
