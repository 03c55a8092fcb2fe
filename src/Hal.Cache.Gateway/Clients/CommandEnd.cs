using System.Diagnostics;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Clients;

/// <summary>What follows the run of a connection's command before its reply leaves: counts, logs, messages, and CLIENT REPLY.</summary>
internal sealed class CommandEnd(CommandContext context)
{
    private readonly ServerState server = context.Server;
    private readonly ClientSession client = context.Client;
    private readonly RespWriter reply = context.Reply;

    /// <summary>Ends the context's command, whose reply begins at a place of the writer, and which began at a timestamp, 0 where it was not timed.</summary>
    public void Run(int replyStart, long startedAt)
    {
        ClientCounters counters = client.Counters;
        counters.Commands++;
        counters.BytesIn += context.Parser.Consumed;
        if (context.Spec.Id >= 0)
        {
            long ticks = startedAt != 0 ? Stopwatch.GetTimestamp() - startedAt : 0;
            counters.Count(context, ticks);
            if (ticks != 0)
                NoteTime((long)(ticks * 1e6 / Stopwatch.Frequency));
        }

        if (client.Peer != null)
            ForwardedRuns.End(context, replyStart);
        if (client.Replies != ReplyMode.On)
            DropUnwanted(replyStart, isKept: context.IsPush || context.IsSifted);
        if (client.EarlyMessages is { WrittenCount: > 0 } early)
        {
            reply.Insert(replyStart, early.WrittenSpan);
            client.EndEarlyMessages();
        }

        if (server.KeyEvents.IsActive || client.OwnMessages is not null)
            TellChanges();
    }

    /// <summary>Ends a write that was forwarded together with others; the context may have another command by now.</summary>
    public void RunPipelined(in ForwardedWriteCall call, bool failed, int replyStart)
    {
        ClientCounters counters = client.Counters;
        counters.Commands++;
        counters.BytesIn += call.Consumed;
        counters.Count(call.Spec, failed);
        if (client.Replies != ReplyMode.On)
            DropUnwanted(replyStart, isKept: false);
        if (server.KeyEvents.IsActive || client.OwnMessages is not null)
            TellChanges();
    }

    private void NoteTime(long microseconds)
    {
        if (context.Spec.Has(CommandFlags.SkipSlowlog))
            return;
        server.SlowLog.Note(context, microseconds);
        server.Latency.Note(context.Spec, microseconds);
    }

    /// <summary>Has others hear of what the command changed before its reply leaves; what the client itself is told follows the reply.</summary>
    private void TellChanges()
    {
        if (server.Tracking.HasChanges)
            server.Tracking.Flush(client.Id);
        if (client.OwnMessages is { WrittenCount: > 0 } own)
        {
            reply.Raw(own.WrittenSpan);
            client.EndOwnMessages();
        }

        // CLIENT CACHING is about the next command that is none of CLIENT's own, a whole transaction included.
        if (client.Tracking.Caching is not null && (client.Modes & ClientModes.Multi) == 0 && context.Spec.Container?.Name != "client")
            client.Tracking = client.Tracking with { Caching = null };
    }

    private void DropUnwanted(int replyStart, bool isKept)
    {
        // The command that turns replies off, or asks for the next to be skipped, has none itself; one that answers with messages is told in any case.
        if (!isKept)
            context.DropReply(replyStart);
        client.Replies = client.Replies switch
        {
            ReplyMode.SkipNext => ReplyMode.Skip,
            ReplyMode.Skip => ReplyMode.On,
            _ => client.Replies,
        };
    }
}
