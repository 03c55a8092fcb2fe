using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers.Waits;
using Hal.Cache.Gateway.Tracking;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Has the authority run a command whole, and passes its reply on as it comes. A connection that breaks has the command sent again under
/// its number, by which the authority runs it once.
/// </summary>
internal sealed class CommandForwarder(GatewayTree tree, TimeProvider time)
{
    private readonly long caller = BitConverter.ToInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue;
    private readonly ConcurrentDictionary<long, long> writers = new();
    private readonly ConcurrentDictionary<long, ForwardedWait> blocked = new();
    private readonly WaitLinks waits = new(tree.Peers);

    /// <summary>Scripts of this instance's clients that authorities run.</summary>
    public ScriptWatch Scripts { get; } = new(tree.Peers, time);

    private int waiting;
    private long requests;

    /// <summary>Has the authority of its keys run the command, without keys the default one.</summary>
    public ValueTask ForwardAsync(CommandContext context) => ForwardAsync(context, AuthorityOf(context));

    /// <summary>Has an authority run the command.</summary>
    public async ValueTask ForwardAsync(CommandContext context, string authority)
    {
        context.Client.IsBlocked = context.Spec.Has(CommandFlags.Blocking);
        try
        {
            await RunAsync(context, authority).ConfigureAwait(false);
        }
        finally
        {
            context.Client.IsBlocked = false;
        }
    }

    private async ValueTask RunAsync(CommandContext context, string authority)
    {
        tree.Node.Statistics.CountForwarded();
        WriteMark writer = BeginWrite(context);
        ForwardedCall call = NewCall(context, authority, context.Spec.Flags, CommandRouting.IsScripting(context.Spec)) with { Writer = writer };
        if (call.Tracks)
            context.Server.Tracking.RememberForwarded(context);
        bool mayBlock = context.Spec.Has(CommandFlags.Blocking);
        if (call.WantsOwn)
            BeginWriter(call.Request, context.Client.Id);
        CancellationToken closed = context.Cancellation;
        using CancellationTokenSource? left = mayBlock ? CancellationTokenSource.CreateLinkedTokenSource(closed, context.Client.PeerClosed) : null;
        if (left != null)
        {
            // A client that has left must not be served there: the connection goes, and with it the wait.
            context.Cancellation = left.Token;
            blocked[context.Client.Id] = ForwardedWait.Of(context, authority, call.Request);
            Interlocked.Increment(ref waiting);
        }

        bool isScript = CommandRouting.IsScripting(context.Spec) && !context.Spec.Has(CommandFlags.AllowBusy);
        if (isScript)
            Scripts.Begin(call.Request, authority);
        try
        {
            await ForwardAsync(context, authority, call).ConfigureAwait(false);
        }
        finally
        {
            if (isScript)
                Scripts.End(call.Request);
            if (call.WantsOwn)
                EndWriter(call.Request);
            context.Cancellation = closed;
            if (mayBlock)
            {
                blocked.TryRemove(context.Client.Id, out _);
                Interlocked.Decrement(ref waiting);
            }
        }

        if (writer.IsSet && context.Failed)
            tree.Node.CancelWrite(writer);
    }

    /// <summary>Begins a write that is sent together with others: its call.</summary>
    internal ForwardedCall BeginPipelined(CommandContext context, string authority)
    {
        tree.Node.Statistics.CountForwarded();
        WriteMark writer = BeginWrite(context);
        return NewCall(context, authority, context.Spec.Flags, isScript: false) with { Writer = writer };
    }

    /// <summary>Counts writes that are sent behind another, which is not answered.</summary>
    internal void CountPipelined(int commands) => tree.Node.Statistics.CountPipelined(commands);

    /// <summary>Ends what <see cref="BeginPipelined"/> began for a write that failed.</summary>
    internal void CancelWrite(in ForwardedCall call)
    {
        if (call.Writer.IsSet)
            tree.Node.CancelWrite(call.Writer);
    }

    /// <summary>A connection to an authority, which is the caller's until it is disposed of.</summary>
    internal ValueTask<Result<ICommandLink>> RentAsync(string authority, CancellationToken cancellation) => tree.Peers.RentAsync(authority, cancellation);

    /// <summary>Clients whose command waits, or may wait, at the authority.</summary>
    public int BlockedCount => Volatile.Read(ref waiting);

    /// <summary>Number of keys that this instance's clients wait for there, and of those where also the key's end is.</summary>
    public (int Keys, int ForGone) BlockedKeyCounts =>
        (blocked.Values.SelectMany(wait => wait.Keys).Distinct().Count(), blocked.Values.Where(wait => wait.IsForGone).SelectMany(wait => wait.Keys).Distinct().Count());

    /// <summary>Whether a client's command may wait at the authority.</summary>
    public bool IsBlocked(long client) => blocked.ContainsKey(client);

    /// <summary>CLIENT UNBLOCK of such a client: the authority ends the wait, and its reply comes to that client as any other.</summary>
    public async ValueTask UnblockAsync(CommandContext context, long client, bool withError)
    {
        if (!blocked.TryGetValue(client, out ForwardedWait call))
        {
            context.Reply.Integer(0);
            return;
        }

        Result<ICommandLink> rented = await tree.Peers.RentAsync(call.Authority, context.Cancellation).ConfigureAwait(false);
        if (!rented.IsOk)
        {
            context.Error($"TRYAGAIN {RespErrors.Plain(rented.Error.Message)}");
            return;
        }

        await using ICommandLink link = rented.Value;
        var relay = new ReplyRelay(context);
        try
        {
            string reason = withError ? "ERROR" : "TIMEOUT";
            string number = caller.ToString(CultureInfo.InvariantCulture), request = call.Request.ToString(CultureInfo.InvariantCulture);
            CallWriter.Write(["HAL.PEER", "UNBLOCK", number, request, reason], link.Pipe.Output);
            await CallWriter.FlushAsync(link.Pipe.Output, context.Cancellation).ConfigureAwait(false);
            if (await relay.RunAsync(link.Pipe.Input).ConfigureAwait(false))
                context.NoteFailure();
            link.IsReusable = true;
        }
        catch (Exception e) when (CallWriter.IsBreak(e))
        {
            relay.Drop();
            context.Error($"TRYAGAIN the connection to the authority broke: {RespErrors.Plain(e.Message)}");
        }
    }

    /// <summary>Has an authority run a command for this instance in the client's name, and gives its reply; null where it can't be had in time.</summary>
    public async ValueTask<byte[]?> AskAsync(CommandContext context, string authority, params string[] arguments)
    {
        if (!tree.IsConnected)
            return null;
        using var late = new CancellationTokenSource(GatewayLimits.AskTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.Cancellation);
        try
        {
            Result<ICommandLink> rented = await tree.Peers.RentAsync(authority, either.Token).ConfigureAwait(false);
            if (!rented.IsOk)
                return null;
            await using ICommandLink link = rented.Value;
            CallWriter.WriteCall(context, link.Pipe.Output, default);
            CallWriter.Write(arguments, link.Pipe.Output);
            await CallWriter.FlushAsync(link.Pipe.Output, either.Token).ConfigureAwait(false);
            var reply = new System.Buffers.ArrayBufferWriter<byte>();
            await ReplyRelay.TakeAsync(link.Pipe.Input, reply, either.Token).ConfigureAwait(false);
            link.IsReusable = true;
            return reply.WrittenSpan.ToArray();
        }
        catch (Exception e) when (CallWriter.IsBreak(e) || (e is OperationCanceledException && late.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>Whether the script that the command runs says of itself that it does not write, as far as its authority answers.</summary>
    public async ValueTask<bool> SaysNoWritesAsync(CommandContext context)
    {
        if (context.Spec.Name is not ("evalsha" or "fcall") || context.IsLarge(1))
            return false;
        byte[]? reply = await AskAsync(context, AuthorityOf(context), "HAL.PEER", "READS", context.Spec.Name, Encoding.Latin1.GetString(context.Arg(1))).ConfigureAwait(false);
        return reply is not null && reply.AsSpan().SequenceEqual(":1\r\n"u8);
    }

    /// <summary>The client whose forwarded command has a number, 0 where it has ended.</summary>
    public long WriterOf(long request) => writers.GetValueOrDefault(request);

    /// <summary>A client's forwarded call begins whose changes are told as its own.</summary>
    internal void BeginWriter(long request, long client) => writers[request] = client;

    /// <summary>It has ended.</summary>
    internal void EndWriter(long request) => writers.TryRemove(request, out _);

    /// <summary>
    /// A call with the next number. What tracking needs of the authority is in it: a client that reads there hears of changes, and one that
    /// wants no word of its own, or none ahead of its reply, has them named.
    /// </summary>
    internal ForwardedCall NewCall(CommandContext context, string authority, CommandFlags flags, bool isScript)
    {
        TrackingMode tracking = context.Client.Tracking;
        bool tracks = tracking.Remembers && (isScript || (flags & CommandFlags.ReadOnly) != 0);
        bool wantsOwn = tracking.IsOn && (tracking.NoLoop || (flags & CommandFlags.Blocking) != 0) && (isScript || (flags & (CommandFlags.Write | CommandFlags.MayReplicate)) != 0);
        return new(caller, Interlocked.Increment(ref requests), 0, tree.Authorities.EpochOf(authority))
        {
            Instance = tracks || wantsOwn ? tree.Node.Instance : 0, Tracks = tracks, WantsOwn = wantsOwn,
            WantsLines = isScript && !context.Server.Monitors.IsEmpty,
            DeniesMemory = isScript && context.Server.Memory.IsExceeded,
            DeniesWrites = isScript && context.Server.WritesNeedReplicas,
        };
    }

    private async ValueTask ForwardAsync(CommandContext context, string authority, ForwardedCall call)
    {
        long began = time.GetTimestamp();
        using Activity? span = CommandSpans.Forward(context, authority);
        bool isRead = context.Spec.Has(CommandFlags.ReadOnly) && !context.Spec.Has(CommandFlags.Blocking);
        while (true)
        {
            CallAttempt attempt = await TryAsync(context, authority, call).ConfigureAwait(false);
            if (attempt.Error == null)
                return;
            if (attempt.HasReplied)
            {
                context.Client.Abort(); // a part of the reply is on its way, and the rest can't be had
                return;
            }

            if (time.GetElapsedTime(began) >= GatewayLimits.ForwardTimeout)
            {
                bool mayHaveRun = !isRead && (attempt.IsSent || call.Attempt > 0);
                context.Error($"{(mayHaveRun ? $"{RespErrors.OutcomeUnknown}:" : "TRYAGAIN")} {RespErrors.Plain(attempt.Error.Message)}");
                return;
            }

            // What only reads may run twice.
            if (attempt.IsSent)
                call = isRead ? call with { Request = Interlocked.Increment(ref requests) } : call with { Attempt = call.Attempt + 1 };
            await Task.Delay(GatewayLimits.ForwardPause, time, context.Cancellation).ConfigureAwait(false);
        }
    }

    // Only what this end can build as the authority will: a small string without options.
    private WriteMark BeginWrite(CommandContext context) =>
        context.Spec.Name == "set" && context.Count == 3 && !context.IsLarge(1) && !context.IsLarge(2) && context.ArgLength(2) <= TreeNode.HeldValueBytesMax
            ? tree.Node.BeginWrite(context.Client.Database, context.Arg(1).ToArray(), context.Arg(2).ToArray())
            : default;

    // A few have connections of their own, which costs less while they do not wait.
    private bool Shares(CommandContext context)
    {
        if (!context.Spec.Has(CommandFlags.Blocking) || BlockedCount <= GatewayLimits.WaitsOnOwnLinks || context.Parser.Consumed > GatewayLimits.SharedRequestBytesMax)
            return false;
        for (int arg = 0; arg < context.Count; arg++)
        {
            if (context.IsLarge(arg))
                return false;
        }

        return true;
    }

    /// <summary>The authority of the command's first key, which is that of all; without keys the default one.</summary>
    internal string AuthorityOf(CommandContext context)
    {
        RootTable roots = tree.Authorities.Roots;
        CommandSpec spec = context.Spec;
        if (spec.Keys.TryRange(context, out int from, out _))
            return roots.Of(context.Arg(from));
        foreach (KeySpec more in spec.MoreKeys)
        {
            if (more.TryRange(context, out from, out _))
                return roots.Of(context.Arg(from));
        }

        return roots.Default;
    }

    private async ValueTask<CallAttempt> TryAsync(CommandContext context, string authority, ForwardedCall call)
    {
        if (Shares(context) && await waits.LinkAsync(authority, context.Cancellation).ConfigureAwait(false) is { IsOk: true } shared)
            return await shared.Value.RunAsync(context, call).ConfigureAwait(false);
        Result<ICommandLink> rented = await tree.Peers.RentAsync(authority, context.Cancellation).ConfigureAwait(false);
        if (!rented.IsOk)
            return new(rented.Error, IsSent: false, HasReplied: false);
        await using ICommandLink link = rented.Value;
        var relay = new ReplyRelay(context) { HasLines = call.WantsLines };
        try
        {
            CallWriter.WriteTrace(link);
            await CallWriter.SendAsync(context, link.Pipe.Output, call).ConfigureAwait(false);
            if (await relay.RunAsync(link.Pipe.Input).ConfigureAwait(false))
                context.NoteFailure();
            link.IsReusable = true;
            return default;
        }
        catch (Exception e) when (CallWriter.IsBreak(e))
        {
            relay.Drop();
            return new(new CacheError(CacheErrorCode.Unavailable, $"the connection to '{authority}' broke: {e.Message}"), IsSent: true, relay.HasPassedOn);
        }
    }
}
