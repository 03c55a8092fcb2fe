using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// What a script calls at the authority, for the monitors of the instance whose client runs it: each line a push of one element, ahead of the
/// script's reply on the same connection, so that it is shown before the client has that.
/// </summary>
internal static class MonitorLines
{
    /// <summary>Tells the caller of a command that a script is about to run, unless it is one that monitors are not shown; the bytes that it took.</summary>
    public static int Write(CommandContext call, RespWriter reply)
    {
        if (!MonitorList.IsShown(call.Spec))
            return 0;
        byte[] line = MonitorList.Line(call);
        int before = reply.Length;
        reply.Raw(">1\r\n"u8); // in RESP2 as well: the caller takes it out
        reply.Bulk(line);
        return reply.Length - before;
    }

    /// <summary>Takes the lines that come next, and tells this instance's monitors.</summary>
    public static async ValueTask TakeAsync(PipeReader input, CommandContext context)
    {
        while (await IsNextAsync(input, context.Cancellation).ConfigureAwait(false))
        {
            var push = new ArrayBufferWriter<byte>();
            await ReplyRelay.TakeAsync(input, push, context.Cancellation).ConfigureAwait(false);
            context.Server.Monitors.TellForwarded(LineOf(push.WrittenSpan));
        }
    }

    private static async ValueTask<bool> IsNextAsync(PipeReader input, CancellationToken cancellation)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancellation).ConfigureAwait(false);
            bool isHere = !read.Buffer.IsEmpty;
            bool isPush = isHere && read.Buffer.FirstSpan[0] == (byte)'>';
            input.AdvanceTo(read.Buffer.Start);
            if (isHere)
                return isPush;
            if (read.IsCompleted)
                throw new IOException("it closed");
        }
    }

    // Behind the push's header and the length of its only element.
    private static ReadOnlySpan<byte> LineOf(ReadOnlySpan<byte> push)
    {
        ReadOnlySpan<byte> element = push[(push.IndexOf((byte)'\n') + 1)..];
        return element[(element.IndexOf((byte)'\n') + 1)..^2];
    }
}
