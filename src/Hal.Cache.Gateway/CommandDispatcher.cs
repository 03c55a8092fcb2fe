using System.Runtime.CompilerServices;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Commands;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Server;

namespace Hal.Cache.Gateway;

/// <summary>Runs one command: finds its row, checks what every command is checked for, locks its keys, and runs its handler.</summary>
internal sealed class CommandDispatcher(ServerState server)
{
    private readonly CommandForwarder? forwarder = server.Forwarder;
    private readonly CommandPlaces? places = server.Places;
    private readonly AllRoots? allRoots = server.AllRoots;
    private readonly ForwardedRuns? forwarded = server.Forwarded;
    private readonly bool hasOrigins = server.Keyspace.Origins.Mounts.Count > 0;

    /// <summary>Runs the command as far as it goes without waiting; Retry and Async go on in <see cref="FinishAsync"/>.</summary>
    public Outcome Start(CommandContext context)
    {
        context.Begin();
        context.Spec = CommandTable.Unknown;
        if (context.Client.Peer is { Next: not null } && forwarded is not null)
            return forwarded.Begin(context, this);
        return Go(context);
    }

    /// <summary>The same for a command that is known to be run here and now.</summary>
    public Outcome Go(CommandContext context)
    {
        if (!TryAdmit(context))
        {
            Refused(context);
            return context.Closes ? Outcome.Close : Outcome.Done;
        }

        if (context.Client.Modes != ClientModes.None && !Passes(context))
            return Outcome.Done;
        if (!server.Monitors.IsEmpty)
            server.Monitors.TellStart(context);
        if (server.Pause.IsActive && server.Pause.Holds(context.Spec, MayWrite(context)))
            return context.RunAsync(RunAfterPauseAsync);

        if (forwarder is not null && PlaceOf(context) is var place and not CommandPlace.Here)
            return GoTo(context, place);

        // Without pending work, Async asks for another thread: this one may be polling sockets.
        return context.Spec.Has(CommandFlags.Long) && !context.IsOnPool && !context.MayLeaveLoop ? Outcome.Async : Run(context);
    }

    /// <summary>Whether the command that was started waits for the end of a pause, and has not begun.</summary>
    public bool Holds(CommandContext context) => context.Pending == RunAfterPauseAsync;

    /// <summary>Waits for what the command misses and runs it again, as often as it takes.</summary>
    public static async ValueTask<Outcome> FinishAsync(CommandContext context, Outcome outcome, int replyStart)
    {
        for (int runs = 0; ; runs++)
        {
            if (outcome == Outcome.Async)
            {
                if (context.Pending is { } work)
                {
                    await work(context).ConfigureAwait(false);
                    if (context.Ready is { Count: > 0 })
                        context.Server.Blocked.Serve(context);
                    return context.Closes ? Outcome.Close : Outcome.Done;
                }

                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                context.HasLeftLoop = true;
                outcome = Run(context);
                continue;
            }

            if (outcome != Outcome.Retry)
                return outcome;
            context.BeginRun(replyStart);
            (context.Scope.Transaction, context.Scope.Depth) = (0, 0);
            if (runs == GatewayLimits.RunsMax)
                return context.Error(new CacheError(CacheErrorCode.Busy, "the command's keys kept changing"));
            if (context.NeedsArguments)
            {
                if (!await context.MaterialiseAsync().ConfigureAwait(false))
                    return Outcome.Done;
            }
            else if (!await FaultBatch.ResolveAsync(context).ConfigureAwait(false))
            {
                if (!context.IsElsewhere || context.Server.Forwarder is not { } forwarder)
                    return Outcome.Done;
                context.BeginRun(replyStart); // the error was no reply
                await forwarder.ForwardAsync(context).ConfigureAwait(false);
                return Outcome.Done;
            }

            outcome = Run(context);
        }
    }

    /// <summary>Runs the handler; needs the locks of its keys. What a tracking client reads is remembered under the same locks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Outcome Handle(CommandContext context)
    {
        Outcome outcome = context.Spec.Handler(context);
        if ((context.Client.Modes & ClientModes.Tracking) != 0 && outcome != Outcome.Retry)
            context.Server.Tracking.Remember(context);
        return outcome;
    }

    private static bool MayWrite(CommandContext context) =>
        context.Client.Transaction is { IsOpen: true } transaction
            ? context.Spec.Name == "exec" && transaction.MayWrite // what comes here between MULTI and EXEC is neither queued nor a script
            : context.Server.Scripts.MayWrite(context);

    /// <summary>A queue takes memory whatever is queued; only what ends it does not.</summary>
    private static bool TakesMemory(CommandContext context, CommandSpec spec)
    {
        if (context.Client.Transaction is not { IsOpen: true } transaction)
            return spec.Has(CommandFlags.DenyOom);
        return spec.Name == "exec" ? (transaction.Flags & CommandFlags.DenyOom) != 0 : spec.Name != "discard";
    }

    /// <summary>A refused command breaks the transaction that it was to be a part of; a refused EXEC ends it.</summary>
    private static void Refused(CommandContext context)
    {
        context.IsRejected = true;
        context.Client.Transaction?.Break();
        if (context.Spec.Name != "exec")
            return;
        TransactionCommands.Abort(context, context.Spec.Accepts(context.Count)
            ? Encoding.ASCII.GetString(context.Reply.WrittenSpan[(context.ReplyStart + 1)..]).TrimEnd()
            : "wrong number of arguments for 'exec' command");
    }

    /// <summary>False where the command was queued, or refused, because of what the client is in.</summary>
    private static bool Passes(CommandContext context)
    {
        CommandSpec spec = context.Spec;
        ClientModes modes = context.Client.Modes;
        if ((modes & ClientModes.Multi) != 0 && spec.Has(CommandFlags.NoMulti))
        {
            context.Error("ERR Command not allowed inside a transaction"u8);
        }
        else if ((modes & ClientModes.Subscribed) != 0 && context.Client.Protocol == 2 && !spec.Has(CommandFlags.WhileSubscribed))
        {
            context.Error(
                $"ERR Can't execute '{spec.FullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context");
        }
        else if ((modes & ClientModes.Multi) == 0 || spec.Has(CommandFlags.Unqueued))
        {
            return true;
        }
        else if (context.Server.Places?.TryJoin(context, context.Client.Transaction!) == false)
        {
            // The error is replied.
        }
        else if (context.Client.Transaction!.TryQueue(context))
        {
            context.Reply.SimpleString("QUEUED"u8);
            context.IsQueued = true;
            return false;
        }
        else
        {
            context.Error($"ERR a transaction takes at most {GatewayLimits.QueuedCommandsMax} commands of {GatewayLimits.QueuedBytesMax} bytes together");
        }

        context.IsRejected = true;
        context.Client.Transaction?.Break();
        return false;
    }

    private async ValueTask RunAfterPauseAsync(CommandContext context)
    {
        bool reads = server.Pause.WritesOnly && forwarder is not null && await forwarder.SaysNoWritesAsync(context).ConfigureAwait(false);
        if (!reads)
            await server.Pause.WaitAsync(context.Cancellation).ConfigureAwait(false);
        if (forwarder is not null && PlaceOf(context) is var place and not CommandPlace.Here)
        {
            if (GoTo(context, place) == Outcome.Async && context.Pending is { } elsewhere)
                await elsewhere(context).ConfigureAwait(false);
            return;
        }

        int replyStart = context.Reply.Length;
        context.BeginRun(replyStart);
        context.Closes |= await FinishAsync(context, Run(context), replyStart).ConfigureAwait(false) == Outcome.Close;
    }

    /// <summary>Runs the command of work that <see cref="CommandContext.RunAsync"/> started at this instance, on the pool where it takes long.</summary>
    public static async ValueTask RunHereAsync(CommandContext context)
    {
        int replyStart = context.Reply.Length;
        context.BeginRun(replyStart);
        Outcome outcome = context.Spec.Has(CommandFlags.Long) ? Outcome.Async : Run(context);
        context.Closes |= await FinishAsync(context, outcome, replyStart).ConfigureAwait(false) == Outcome.Close;
    }

    private CommandPlace PlaceOf(CommandContext context) =>
        places is not null ? places.Of(context) : context.Spec.RunsAtAuthority ? CommandPlace.Authority : CommandPlace.Here;

    private Outcome GoTo(CommandContext context, CommandPlace place) => place switch
    {
        _ when server.Cluster.Mode == ClusterViewMode.Off && context.Spec.Group == "cluster" => Run(context), // which refuses it
        CommandPlace.Authority => Forward(context),
        CommandPlace.AllAuthorities => context.RunAsync(allRoots!.RunAsync),
        _ => places!.Refuse(context, place),
    };

    private Outcome Forward(CommandContext context)
    {
        context.IsForwarded = true;
        return context.RunAsync(forwarder!.ForwardAsync);
    }

    private static async ValueTask RunBehindFenceAsync(CommandContext context)
    {
        int replyStart = context.Reply.Length;
        await context.Server.Fence.WaitAsync(context.Shards, context.Cancellation).ConfigureAwait(false);
        context.BeginRun(replyStart);
        context.Closes |= await FinishAsync(context, Run(context), replyStart).ConfigureAwait(false) == Outcome.Close;
    }

    private bool TryAdmit(CommandContext context)
    {
        if (context.IsLarge(0) || server.Table.Find(context.Arg(0)) is not { } spec)
        {
            if (!context.IsLarge(0) && UnknownCommand.IsHttp(context.Arg(0)))
                context.Closes = true;
            else
                UnknownCommand.Refuse(context);
            return false;
        }

        if (spec.Subcommands.Length > 0 && context.Count > 1)
        {
            if (context.IsLarge(1) || CommandTable.FindSubcommand(spec, context.Arg(1)) is not { } sub)
            {
                context.Error(RespErrors.UnknownSubcommand(spec.FullName, UnknownCommand.Begin(context, 1)));
                return false;
            }

            spec = sub;
        }

        context.Spec = spec;
        context.Client.Counters.Spec = spec;
        if (!spec.Accepts(context.Count))
        {
            context.WrongArity();
            return false;
        }

        if (!context.Client.IsAuthenticated && server.Acl.NeedsPassword && !spec.Has(CommandFlags.NoAuth))
        {
            context.Error(RespErrors.NoAuth);
            return false;
        }

        if (!context.Client.User.IsUnrestricted && !AclGate.Permits(context))
            return false;

        if (context.Refused is { } refused)
        {
            context.Error(refused);
            return false;
        }

        if (server.Scripts.IsBusy && !spec.Has(CommandFlags.AllowBusy))
        {
            context.Error(server.Scripts.BusyText);
            return false;
        }

        if (server.Memory.IsExceeded && TakesMemory(context, spec))
        {
            context.Error(RespErrors.OutOfMemory);
            return false;
        }

        if (server.WritesNeedReplicas && (spec.IsWrite || (spec.Name == "exec" && (context.Client.Transaction?.Flags & CommandFlags.Write) is not (null or 0))))
        {
            context.Error(RespErrors.NoReplicas);
            return false;
        }

        return TryAdmitKeys(context, spec);
    }

    /// <summary>Notes the command's keys; false where they are refused, with the error as the reply.</summary>
    internal bool TryAdmitKeys(CommandContext context, CommandSpec spec)
    {
        if (!CommandKeys.TryAdd(context, spec))
        {
            context.Error(RespErrors.KeyTooLong);
            return false;
        }

        if (!hasOrigins || !spec.IsWrite || !CommandKeys.IsReadOnly(context, spec, out OriginMount? mount))
            return true;
        context.Error(RespErrors.ReadOnlyPrefix(mount!.Prefix.Span));
        return false;
    }

    private static Outcome Run(CommandContext context)
    {
        if (context.Spec.Has(CommandFlags.DenyOom) && !context.Store.HasRoom(context.Parser.Consumed))
        {
            context.NeedRoom(context.Parser.Consumed);
            return Outcome.Retry;
        }

        Outcome outcome = RunLocked(context);
        if (context.Ready is { Count: > 0 })
            context.Server.Blocked.Serve(context);
        return outcome;
    }

    private static Outcome RunLocked(CommandContext context)
    {
        context.Lock();
        try
        {
            // A slow script lets go of the locks now and then, for those who wait at them to hear of it.
            if (context.Server.Scripts.IsBusy && !context.Spec.Has(CommandFlags.AllowBusy))
                return context.Error(context.Server.Scripts.BusyText);
            return context.IsFenced ? context.RunAsync(RunBehindFenceAsync) : Handle(context);
        }
        catch (ArgumentNotInMemoryException)
        {
            context.NeedsArguments = true;
            return Outcome.Retry;
        }
        finally
        {
            context.Unlock();
        }
    }
}
