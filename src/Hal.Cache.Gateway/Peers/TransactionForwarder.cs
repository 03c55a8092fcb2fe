using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Commands;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Has one authority watch keys and run transactions, each of which is about keys of that one alone. What is about the connection or this instance
/// runs here, in its place among the authority's replies: the keys are changed as one there, and nobody else sees a connection.
/// </summary>
internal sealed class TransactionForwarder(GatewayTree tree, CommandForwarder forwarder, CommandPlaces? places)
{
    private static readonly HashSet<QueuedCommand> NoneDenied = [];

    /// <summary>The authority that runs a transaction, null where this instance does; false where its keys are of several.</summary>
    public bool TryPlace(CommandContext context, ClientTransaction transaction, out string? authority)
    {
        if (places is not null)
            return places.TryPlace(context, transaction, out authority);
        authority = transaction.NeedsAuthority || context.Client.Upstream is not null ? tree.Authorities.Roots.Default : null;
        return true;
    }

    /// <summary>Whether this instance is the authority that watches the command's keys; false where the client watches another one's already.</summary>
    public bool TryWatch(CommandContext context, ClientTransaction transaction, out bool isHere)
    {
        if (places is not null)
            return places.TryWatch(context, transaction, out isHere);
        isHere = false;
        return true;
    }

    /// <summary>Has the authority watch the command's keys, on a connection that is the client's until its transaction ends.</summary>
    public async ValueTask WatchAsync(CommandContext context)
    {
        tree.Node.Statistics.CountForwarded();
        ClientSession client = context.Client;
        if (client.Upstream == null)
        {
            Result<ICommandLink> rented = await tree.Peers.RentAsync(forwarder.AuthorityOf(context), context.Cancellation).ConfigureAwait(false);
            if (!rented.IsOk)
            {
                context.Error($"TRYAGAIN {RespErrors.Plain(rented.Error.Message)}");
                return;
            }

            client.Upstream = rented.Value;
        }

        var relay = new ReplyRelay(context);
        try
        {
            await CallWriter.SendAsync(context, client.Upstream.Pipe.Output, default).ConfigureAwait(false);
            if (await relay.RunAsync(client.Upstream.Pipe.Input).ConfigureAwait(false))
                context.NoteFailure();
        }
        catch (Exception e) when (CallWriter.IsBreak(e))
        {
            relay.Drop();
            client.LetGoOfUpstream();
            context.Error($"TRYAGAIN the connection to the authority broke: {RespErrors.Plain(e.Message)}");
        }
    }

    /// <summary>Has the authority run a client's transaction.</summary>
    public async ValueTask ExecAsync(CommandContext context, ClientTransaction transaction, string authority)
    {
        tree.Node.Statistics.CountForwarded();
        bool isScript = transaction.Queue.Any(queued => CommandRouting.IsScripting(queued.Spec));
        ForwardedCall call = forwarder.NewCall(context, authority, transaction.Flags, isScript);
        if (call.Tracks || !context.Server.Monitors.IsEmpty)
            Note(context, transaction, call.Tracks);
        if (call.WantsOwn)
            forwarder.BeginWriter(call.Request, context.Client.Id);
        long request = call.Request;
        HashSet<QueuedCommand> denied = Denied(context, transaction);
        bool isWatched = transaction.Watched.Count > 0 || context.Client.Upstream != null;
        CallAttempt attempt = default;
        if (isScript)
            forwarder.Scripts.Begin(request, authority);
        try
        {
            for (; call.Attempt < (isWatched ? 1 : GatewayLimits.ExecAttemptsMax); call = call with { Attempt = call.Attempt + 1 })
            {
                attempt = await TryExecAsync(context, transaction, denied, authority, call).ConfigureAwait(false);
                if (attempt.Error == null || attempt.HasReplied || !attempt.IsSent)
                    break;
            }
        }
        finally
        {
            forwarder.EndWriter(request);
            if (isScript)
                forwarder.Scripts.End(request);
        }

        if (attempt.HasReplied)
            context.Client.Abort();
        else if (attempt.Error != null)
            context.Error($"{(attempt.IsSent ? $"{RespErrors.OutcomeUnknown}:" : "TRYAGAIN")} {RespErrors.Plain(attempt.Error.Message)}");
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

    private async ValueTask<CallAttempt> TryExecAsync(
        CommandContext context, ClientTransaction transaction, HashSet<QueuedCommand> denied, string authority, ForwardedCall call)
    {
        ICommandLink? link = context.Client.Upstream;
        context.Client.Upstream = null;
        if (link == null)
        {
            Result<ICommandLink> rented = await tree.Peers.RentAsync(authority, context.Cancellation).ConfigureAwait(false);
            if (!rented.IsOk)
                return new(rented.Error, IsSent: false, HasReplied: false);
            link = rented.Value;
        }
        else if (!link.IsFresh)
        {
            // It broke while it watched: nothing of the transaction was sent, so its client may begin again.
            await link.DisposeAsync().ConfigureAwait(false);
            return new(new CacheError(CacheErrorCode.Unavailable, "the connection to the authority broke since WATCH"), IsSent: false, HasReplied: false);
        }

        var relay = new ReplyRelay(context) { HasLines = call.WantsLines };
        await using (link)
        {
            try
            {
                int sent = await CallWriter.SendAsync(context, transaction, denied, link, call).ConfigureAwait(false);
                for (int queued = 0; queued <= sent; queued++)
                    await ReplyRelay.TakeAsync(link.Pipe.Input, null, context.Cancellation).ConfigureAwait(false);
                await PassOnAsync(context, transaction, denied, relay, link.Pipe.Input, sent).ConfigureAwait(false);
                link.IsReusable = call.Attempt == 0; // a repeated reply leaves the transaction open
                return default;
            }
            catch (Exception e) when (CallWriter.IsBreak(e))
            {
                relay.Drop();
                return new(new CacheError(CacheErrorCode.Unavailable, $"the connection to the authority broke: {e.Message}"), IsSent: true, relay.HasPassedOn);
            }
        }
    }

    private static async ValueTask PassOnAsync(
        CommandContext context, ClientTransaction transaction, HashSet<QueuedCommand> denied, ReplyRelay relay, PipeReader input, int sent)
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
        inner.StandingTime = context.Time;
        foreach (QueuedCommand queued in transaction.Queue)
        {
            bool failed;
            if (denied.Contains(queued))
                failed = Refuse(context, inner, queued);
            else if (CommandRouting.RunsHere(queued.Spec))
                failed = await RunHereAsync(context, inner, queued).ConfigureAwait(false);
            else
                failed = await relay.RunAsync(input).ConfigureAwait(false);
            if (!failed && queued.Spec.Name == "select")
                Select(context, inner, queued);
            context.Client.Counters.Count(queued.Spec, failed);
        }
    }

    /// <summary>Commands that the client's user may run no more: they are answered in their places here, since the authority would refuse them all for one.</summary>
    private static HashSet<QueuedCommand> Denied(CommandContext context, ClientTransaction transaction)
    {
        if (context.Client.User.IsUnrestricted)
            return NoneDenied;
        HashSet<QueuedCommand> denied = new(ReferenceEqualityComparer.Instance);
        using CommandContext inner = CommandContext.ForTransaction(context);
        foreach (QueuedCommand queued in transaction.Queue)
        {
            queued.LoadInto(inner);
            if (!CommandRouting.RunsHere(queued.Spec) && context.Client.User.Rules.Check(inner, queued.Spec, 0, out _) != AclDenial.None)
                denied.Add(queued);
            inner.End();
            inner.Parser.Reset();
        }

        return denied;
    }

    /// <summary>Replies that the user may not run the command, also where it has been permitted again meanwhile: the authority did not have it.</summary>
    private static bool Refuse(CommandContext context, CommandContext inner, QueuedCommand queued)
    {
        queued.LoadInto(inner);
        inner.BeginRun(context.Reply.Length);
        if (AclGate.PermitsStill(inner))
            inner.Error("NOPERM ACLs rules changed while the transaction was sent");
        inner.End();
        inner.Parser.Reset();
        return true;
    }

    private static async ValueTask<bool> RunHereAsync(CommandContext context, CommandContext inner, QueuedCommand queued)
    {
        queued.LoadInto(inner);
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
