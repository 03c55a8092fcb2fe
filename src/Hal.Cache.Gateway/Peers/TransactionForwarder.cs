using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Commands;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Has the authority run a client's transaction. What is about the connection itself runs here, in its place among the authority's replies:
/// the keys are changed as one there, and nobody else sees a connection.
/// </summary>
internal sealed class TransactionForwarder(GatewayTree tree, CommandForwarder forwarder)
{
    public async ValueTask ExecAsync(CommandContext context, ClientTransaction transaction)
    {
        tree.Node.Statistics.CountForwarded();
        bool isScript = transaction.Queue.Any(queued => CommandRouting.IsScripting(queued.Spec));
        ForwardedCall call = forwarder.NewCall(context, tree.Authorities.DefaultAuthority, transaction.Flags, isScript);
        if (call.Tracks || !context.Server.Monitors.IsEmpty)
            Note(context, transaction, call.Tracks);
        forwarder.Begin(context, call);
        bool isWatched = transaction.Watched.Count > 0 || context.Client.Upstream != null;
        ForwardAttempt attempt = default;
        try
        {
            for (; call.Attempt < (isWatched ? 1 : GatewayLimits.ExecAttemptsMax); call = call with { Attempt = call.Attempt + 1 })
            {
                attempt = await TryAsync(context, transaction, call).ConfigureAwait(false);
                if (attempt.Error == null || attempt.HasReplied || !attempt.IsSent)
                    break;
            }
        }
        finally
        {
            forwarder.End(call);
        }

        if (attempt.HasReplied)
            context.Client.Abort();
        else if (attempt.Error != null)
            context.Error(attempt.IsSent ? $"{RespErrors.OutcomeUnknown}: {attempt.Error.Message}" : $"TRYAGAIN {attempt.Error.Message}");
        TransactionCommands.End(context);
    }

    /// <summary>Tells this instance's monitors of the queued commands, and remembers what they read.</summary>
    private static void Note(CommandContext context, ClientTransaction transaction, bool tracks)
    {
        using CommandContext inner = CommandContext.ForTransaction(context);
        foreach (QueuedCommand queued in transaction.Queue)
        {
            queued.LoadInto(inner);
            context.Server.Monitors.TellStart(inner);

            // Streamed arguments are values, not keys that are read.
            if (tracks && queued.Larges.Length == 0 && (queued.Spec.Has(CommandFlags.ReadOnly) || CommandRouting.IsScripting(queued.Spec)))
                context.Server.Tracking.RememberForwarded(inner);
            inner.End();
            inner.Parser.Reset();
        }
    }

    private async ValueTask<ForwardAttempt> TryAsync(CommandContext context, ClientTransaction transaction, ForwardedCall call)
    {
        ICommandLink? link = context.Client.Upstream;
        context.Client.Upstream = null;
        if (link == null)
        {
            Result<ICommandLink> rented = await tree.Peers.RentAsync(tree.Authorities.DefaultAuthority, context.Cancellation).ConfigureAwait(false);
            if (!rented.IsOk)
                return new(rented.Error, IsSent: false, HasReplied: false);
            link = rented.Value;
        }

        var relay = new ReplyRelay(context);
        await using (link)
        {
            try
            {
                int sent = await SendAsync(context, transaction, link.Pipe.Output, call).ConfigureAwait(false);
                for (int queued = 0; queued <= sent; queued++)
                    await ReplyRelay.TakeAsync(link.Pipe.Input, null, context.Cancellation).ConfigureAwait(false);
                await PassOnAsync(context, transaction, relay, link.Pipe.Input, sent).ConfigureAwait(false);
                link.IsReusable = call.Attempt == 0; // a repeated reply leaves the transaction open
                return default;
            }
            catch (Exception e) when (ForwardWire.IsBreak(e))
            {
                relay.Drop();
                return new(new CacheError(CacheErrorCode.Unavailable, $"the connection to the authority broke: {e.Message}"), IsSent: true, relay.HasPassedOn);
            }
        }
    }

    /// <summary>Sends the transaction, and tells how many of its commands the authority is to run.</summary>
    private static async ValueTask<int> SendAsync(CommandContext context, ClientTransaction transaction, PipeWriter output, ForwardedCall call)
    {
        ForwardWire.WriteCall(context, output, default);
        output.Write("*1\r\n$5\r\nMULTI\r\n"u8);
        var parser = new RespRequestParser();
        int sent = 0;
        foreach (QueuedCommand queued in transaction.Queue)
        {
            if (CommandRouting.RunsHere(queued.Spec))
                continue;
            await ForwardWire.SendAsync(queued, parser, output, context.Cancellation).ConfigureAwait(false);
            sent++;
        }

        ForwardWire.WriteCall(context, output, call);
        output.Write("*1\r\n$4\r\nEXEC\r\n"u8);
        await ForwardWire.FlushAsync(output, context.Cancellation).ConfigureAwait(false);
        return sent;
    }

    private static async ValueTask PassOnAsync(CommandContext context, ClientTransaction transaction, ReplyRelay relay, PipeReader input, int sent)
    {
        if (await relay.TryHeaderAsync(input).ConfigureAwait(false) is not { } count)
        {
            // It did not run: a watched key has changed, or a command was refused there.
            if (await relay.RunAsync(input).ConfigureAwait(false))
                context.NoteFailure();
            return;
        }

        if (count != sent)
            throw new RespProtocolException($"{sent} commands were answered by {count} replies");
        context.Reply.ArrayHeader(transaction.Queue.Count);
        using CommandContext inner = CommandContext.ForTransaction(context);
        foreach (QueuedCommand queued in transaction.Queue)
        {
            bool isHere = CommandRouting.RunsHere(queued.Spec);
            bool failed = isHere ? await RunHereAsync(context, inner, queued).ConfigureAwait(false) : await relay.RunAsync(input).ConfigureAwait(false);
            if (!failed && queued.Spec.Name == "select")
                Select(context, inner, queued);
            context.Client.Counters.Count(queued.Spec, failed);
        }
    }

    private static async ValueTask<bool> RunHereAsync(CommandContext context, CommandContext inner, QueuedCommand queued)
    {
        queued.LoadInto(inner);
        inner.IsOnPool = true;
        int start = context.Reply.Length;
        inner.BeginRun(start);
        if (context.Client.User.IsUnrestricted || AclGate.PermitsStill(inner))
        {
            Outcome outcome = Handle(inner);
            while (outcome == Outcome.Retry
                && (inner.NeedsArguments ? await inner.MaterialiseAsync().ConfigureAwait(false) : await inner.ResolveFaultAsync().ConfigureAwait(false)))
            {
                inner.BeginRun(start);
                outcome = Handle(inner);
            }

            if (outcome == Outcome.Async)
                await inner.Pending!(inner).ConfigureAwait(false);
            context.Closes |= outcome == Outcome.Close || inner.Closes;
        }

        bool failed = inner.Failed;
        inner.End();
        inner.Parser.Reset();
        return failed;
    }

    private static Outcome Handle(CommandContext inner)
    {
        try
        {
            return CommandDispatcher.Handle(inner);
        }
        catch (ArgumentNotInMemoryException)
        {
            inner.NeedsArguments = true;
            return Outcome.Retry;
        }
    }

    // The authority took it for the commands behind it; here it is for those behind the transaction.
    private static void Select(CommandContext context, CommandContext inner, QueuedCommand queued)
    {
        queued.LoadInto(inner);
        if (RedisInteger.TryParse(inner.Arg(1), out long database))
            context.Client.Database = (int)database;
        inner.End();
        inner.Parser.Reset();
    }
}
