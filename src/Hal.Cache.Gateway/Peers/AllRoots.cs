using System.Buffers.Text;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Tree;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Runs what concerns the whole data set at every root, one after the other: no root waits for another, so that it is no one step. A root
/// that can't be reached is the command's error, after the others have run it.
/// </summary>
internal sealed class AllRoots(IKeyAuthorities authorities, CommandForwarder forwarder)
{
    private readonly IReadOnlyList<string> roots = authorities.Roots.Names;

    public async ValueTask RunAsync(CommandContext context)
    {
        // What one of them replies goes nowhere before all have replied.
        (Func<ValueTask>? send, context.SendSoFar) = (context.SendSoFar, null);
        try
        {
            if (context.Spec.FanOut == FanOut.Scan)
                await ScanAsync(context).ConfigureAwait(false);
            else
                await AskAllAsync(context).ConfigureAwait(false);
        }
        finally
        {
            context.SendSoFar = send;
        }
    }

    private async ValueTask AskAllAsync(CommandContext context)
    {
        FanOut kind = context.Spec.FanOut;
        var merge = new ReplyMerge(kind);
        int first = kind == FanOut.Chance ? Random.Shared.Next(roots.Count) : 0;
        for (int i = 0; i < roots.Count && !merge.IsDone; i++)
            merge.Add(await AskAsync(context, roots[(first + i) % roots.Count]).ConfigureAwait(false));
        if (!merge.WriteTo(context.Reply))
            context.NoteFailure();
    }

    // A cursor is that of one root, times the number of roots, plus the root's place among them.
    private async ValueTask ScanAsync(CommandContext context)
    {
        if (!ElementScan.TryCursor(context, 1, out ulong cursor))
            return;
        ulong count = (ulong)roots.Count;
        ulong place = cursor % count;
        context.Cursor = cursor / count;
        byte[] reply = await AskAsync(context, roots[(int)place]).ConfigureAwait(false);
        if (ReplyMerge.IsError(reply))
        {
            context.Reply.Raw(reply);
            context.NoteFailure();
            return;
        }

        WriteScan(context.Reply, reply, place, count);
    }

    private static void WriteScan(RespWriter writer, ReadOnlySpan<byte> reply, ulong place, ulong count)
    {
        // *2, $length, the cursor, then the keys.
        ReadOnlySpan<byte> rest = AfterLine(AfterLine(reply));
        _ = Utf8Parser.TryParse(rest, out ulong next, out _);
        next = next != 0 ? (next * count) + place : place + 1 < count ? place + 1 : 0;
        writer.ArrayHeader(2);
        Span<byte> digits = stackalloc byte[RedisInteger.BytesMax];
        Utf8Formatter.TryFormat(next, digits, out int length);
        writer.Bulk(digits[..length]);
        writer.Raw(AfterLine(rest));
    }

    private static ReadOnlySpan<byte> AfterLine(ReadOnlySpan<byte> reply) => reply[(reply.IndexOf((byte)'\n') + 1)..];

    private async ValueTask<byte[]> AskAsync(CommandContext context, string root)
    {
        int start = context.Reply.Length;
        context.BeginRun(start);
        if (authorities.IsAuthority && root == authorities.Self)
            await CommandDispatcher.RunHereAsync(context).ConfigureAwait(false);
        else
            await forwarder.ForwardAsync(context, root).ConfigureAwait(false);
        byte[] reply = context.Reply.WrittenSpan[start..].ToArray();
        context.DropReply(start);
        return reply;
    }
}
