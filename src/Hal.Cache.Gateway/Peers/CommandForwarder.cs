using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Commands;
using Hal.Cache.Gateway.Tracking;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Node.Tree;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Has the authority run a command whole, and passes its reply on as it comes. A connection that breaks has the command sent again under
/// its number, by which the authority runs it once.
/// </summary>
internal sealed class CommandForwarder(GatewayTree tree, TimeProvider time)
{
    private readonly long caller = BitConverter.ToInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue;
    private readonly ConcurrentDictionary<long, long> writers = new();
    private readonly ConcurrentDictionary<long, (string Authority, long Request)> blocked = new();
    private long requests;

    public async ValueTask ForwardAsync(CommandContext context)
    {
        context.Client.IsBlocked = context.Spec.Has(CommandFlags.Blocking);
        try
        {
            await RunAsync(context).ConfigureAwait(false);
        }
        finally
        {
            context.Client.IsBlocked = false;
        }
    }

    private async ValueTask RunAsync(CommandContext context)
    {
        tree.Node.Statistics.CountForwarded();
        string authority = AuthorityOf(context);
        WriteMark writer = BeginWrite(context);
        ForwardedCall call = NewCall(context, authority, context.Spec.Flags, CommandRouting.IsScripting(context.Spec)) with { Writer = writer };
        if (call.Tracks)
            context.Server.Tracking.RememberForwarded(context);
        bool mayBlock = context.Spec.Has(CommandFlags.Blocking);
        if (call.WantsOwn)
            writers[call.Request] = context.Client.Id;
        CancellationToken closed = context.Cancellation;
        using CancellationTokenSource? left = mayBlock ? CancellationTokenSource.CreateLinkedTokenSource(closed, context.Client.PeerClosed) : null;
        if (left != null)
        {
            // A client that has left must not be served there: the connection goes, and with it the wait.
            context.Cancellation = left.Token;
            blocked[context.Client.Id] = (authority, call.Request);
        }

        try
        {
            await ForwardAsync(context, authority, call).ConfigureAwait(false);
        }
        finally
        {
            if (call.WantsOwn)
                writers.TryRemove(call.Request, out _);
            context.Cancellation = closed;
            if (mayBlock)
                blocked.TryRemove(context.Client.Id, out _);
        }

        if (writer.IsSet && context.Failed)
            tree.Node.CancelWrite(writer);
    }

    /// <summary>Clients whose command waits, or may wait, at the authority.</summary>
    public int BlockedCount => blocked.Count;

    /// <summary>Whether a client's command may wait at the authority.</summary>
    public bool IsBlocked(long client) => blocked.ContainsKey(client);

    /// <summary>CLIENT UNBLOCK of such a client: the authority ends the wait, and its reply comes to that client as any other.</summary>
    public async ValueTask UnblockAsync(CommandContext context, long client, bool withError)
    {
        if (!blocked.TryGetValue(client, out (string Authority, long Request) call))
        {
            context.Reply.Integer(0);
            return;
        }

        Result<ICommandLink> rented = await tree.Peers.RentAsync(call.Authority, context.Cancellation).ConfigureAwait(false);
        if (!rented.IsOk)
        {
            context.Error($"TRYAGAIN {rented.Error.Message}");
            return;
        }

        await using ICommandLink link = rented.Value;
        var relay = new ReplyRelay(context);
        try
        {
            string reason = withError ? "ERROR" : "TIMEOUT";
            string number = caller.ToString(CultureInfo.InvariantCulture), request = call.Request.ToString(CultureInfo.InvariantCulture);
            Ascii(link.Pipe.Output, $"*5\r\n$8\r\nHAL.PEER\r\n$7\r\nUNBLOCK\r\n${number.Length}\r\n{number}\r\n${request.Length}\r\n{request}\r\n${reason.Length}\r\n{reason}\r\n");
            await FlushAsync(link.Pipe.Output, context.Cancellation).ConfigureAwait(false);
            await relay.RunAsync(link.Pipe.Input).ConfigureAwait(false);
            link.IsReusable = true;
        }
        catch (Exception e) when (IsBreak(e))
        {
            relay.Drop();
            context.Error($"TRYAGAIN the connection to the authority broke: {e.Message}");
        }
    }

    /// <summary>The client whose forwarded command has a number, 0 where it has ended.</summary>
    public long WriterOf(long request) => writers.GetValueOrDefault(request);

    // What tracking needs of the authority: a client that reads there hears of changes, and one that wants no word of its own has them named.
    private ForwardedCall NewCall(CommandContext context, string authority, CommandFlags flags, bool isScript)
    {
        TrackingMode tracking = context.Client.Tracking;
        bool tracks = tracking.Remembers && (isScript || (flags & CommandFlags.ReadOnly) != 0);
        bool wantsOwn = tracking is { IsOn: true, NoLoop: true } && (isScript || (flags & CommandFlags.Write) != 0);
        return new(caller, Interlocked.Increment(ref requests), 0, tree.Authorities.EpochOf(authority))
        {
            Instance = tracks || wantsOwn ? tree.Node.Instance : 0, Tracks = tracks, WantsOwn = wantsOwn,
        };
    }

    private async ValueTask ForwardAsync(CommandContext context, string authority, ForwardedCall call)
    {
        long began = time.GetTimestamp();
        using Activity? span = CommandSpans.Forward(context, authority);
        while (true)
        {
            Attempt attempt = await TryAsync(context, authority, call).ConfigureAwait(false);
            if (attempt.Error == null)
                return;
            if (attempt.HasReplied)
            {
                context.Client.Abort(); // a part of the reply is on its way, and the rest can't be had
                return;
            }

            if (time.GetElapsedTime(began) >= GatewayLimits.ForwardTimeout)
            {
                context.Error(attempt.IsSent || call.Attempt > 0 ? $"{RespErrors.OutcomeUnknown}: {attempt.Error.Message}" : $"TRYAGAIN {attempt.Error.Message}");
                return;
            }

            if (attempt.IsSent)
                call = call with { Attempt = call.Attempt + 1 };
            await Task.Delay(GatewayLimits.ForwardPause, time, context.Cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Has the authority watch the command's keys, on a connection that is the client's until its transaction ends.</summary>
    public async ValueTask WatchAsync(CommandContext context)
    {
        tree.Node.Statistics.CountForwarded();
        ClientSession client = context.Client;
        if (client.Upstream == null)
        {
            Result<ICommandLink> rented = await tree.Peers.RentAsync(AuthorityOf(context), context.Cancellation).ConfigureAwait(false);
            if (!rented.IsOk)
            {
                context.Error($"TRYAGAIN {rented.Error.Message}");
                return;
            }

            client.Upstream = rented.Value;
        }

        var relay = new ReplyRelay(context);
        try
        {
            await SendAsync(context, client.Upstream.Pipe.Output, default).ConfigureAwait(false);
            await relay.RunAsync(client.Upstream.Pipe.Input).ConfigureAwait(false);
        }
        catch (Exception e) when (IsBreak(e))
        {
            relay.Drop();
            client.LetGoOfUpstream();
            context.Error($"TRYAGAIN the connection to the authority broke: {e.Message}");
        }
    }

    /// <summary>Has the authority run a client's transaction.</summary>
    public async ValueTask ExecAsync(CommandContext context, ClientTransaction transaction)
    {
        tree.Node.Statistics.CountForwarded();
        ForwardedCall call = NewCall(context, tree.Authorities.DefaultAuthority, transaction.Flags, isScript: transaction.Queue.Any(queued => CommandRouting.IsScripting(queued.Spec)));
        if (call.Tracks || !context.Server.Monitors.IsEmpty)
            Note(context, transaction, call.Tracks);
        if (call.WantsOwn)
            writers[call.Request] = context.Client.Id;
        long request = call.Request;
        bool isWatched = transaction.Watched.Count > 0 || context.Client.Upstream != null;
        Attempt attempt = default;
        try
        {
            for (; call.Attempt < (isWatched ? 1 : GatewayLimits.ExecAttemptsMax); call = call with { Attempt = call.Attempt + 1 })
            {
                attempt = await TryExecAsync(context, transaction, call).ConfigureAwait(false);
                if (attempt.Error == null || attempt.HasReplied || !attempt.IsSent)
                    break;
            }
        }
        finally
        {
            writers.TryRemove(request, out _);
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

    private async ValueTask<Attempt> TryExecAsync(CommandContext context, ClientTransaction transaction, ForwardedCall call)
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
                await SendAsync(context, transaction, link, call).ConfigureAwait(false);
                for (int queued = 0; queued <= transaction.Queue.Count; queued++)
                    await ReplyRelay.SkipAsync(link.Pipe.Input, context.Cancellation).ConfigureAwait(false);
                await relay.RunAsync(link.Pipe.Input).ConfigureAwait(false);
                link.IsReusable = call.Attempt == 0; // a repeated reply leaves the transaction open
                return default;
            }
            catch (Exception e) when (IsBreak(e))
            {
                relay.Drop();
                return new(new CacheError(CacheErrorCode.Unavailable, $"the connection to the authority broke: {e.Message}"), IsSent: true, relay.HasPassedOn);
            }
        }
    }

    private static async ValueTask SendAsync(CommandContext context, ClientTransaction transaction, ICommandLink link, ForwardedCall call)
    {
        PipeWriter output = link.Pipe.Output;
        WriteCall(context, output, default);
        output.Write("*1\r\n$5\r\nMULTI\r\n"u8);
        var parser = new RespRequestParser();
        foreach (QueuedCommand queued in transaction.Queue)
        {
            // Its streamed arguments were taken out of the request: they go back in where they were.
            int sent = 0, large = 0;
            while (parser.Parse(queued.Request) == ParseResult.LargeArgument)
            {
                output.Write(queued.Request.AsSpan(sent, parser.Consumed - sent));
                sent = parser.Consumed;
                await SendAsync(queued.Larges[large++], output, context.Cancellation).ConfigureAwait(false);
                output.Write("\r\n"u8);
                parser.LargeTaken();
            }

            parser.Reset();
            output.Write(queued.Request.AsSpan(sent));
            await FlushAsync(output, context.Cancellation).ConfigureAwait(false);
        }

        WriteTrace(link);
        WriteCall(context, output, call);
        output.Write("*1\r\n$4\r\nEXEC\r\n"u8);
        await FlushAsync(output, context.Cancellation).ConfigureAwait(false);
    }

    // Only what this end can build as the authority will: a small string without options.
    private WriteMark BeginWrite(CommandContext context) =>
        context.Spec.Name == "set" && context.Count == 3 && !context.IsLarge(1) && !context.IsLarge(2) && context.ArgLength(2) <= TreeNode.HeldValueBytesMax
            ? tree.Node.BeginWrite(context.Client.Database, context.Arg(1).ToArray(), context.Arg(2).ToArray())
            : default;

    private static bool IsBreak(Exception e) => e is IOException or ObjectDisposedException or RespProtocolException;

    private string AuthorityOf(CommandContext context)
    {
        CommandSpec spec = context.Spec;
        if (spec.Keys.TryRange(context, out int from, out _))
            return tree.Authorities.AuthorityOf(context.Client.Database, context.Arg(from));
        foreach (KeySpec more in spec.MoreKeys)
        {
            if (more.TryRange(context, out from, out _))
                return tree.Authorities.AuthorityOf(context.Client.Database, context.Arg(from));
        }

        return tree.Authorities.DefaultAuthority;
    }

    private async ValueTask<Attempt> TryAsync(CommandContext context, string authority, ForwardedCall call)
    {
        Result<ICommandLink> rented = await tree.Peers.RentAsync(authority, context.Cancellation).ConfigureAwait(false);
        if (!rented.IsOk)
            return new(rented.Error, IsSent: false, HasReplied: false);
        await using ICommandLink link = rented.Value;
        var relay = new ReplyRelay(context);
        try
        {
            WriteTrace(link);
            await SendAsync(context, link.Pipe.Output, call).ConfigureAwait(false);
            await relay.RunAsync(link.Pipe.Input).ConfigureAwait(false);
            link.IsReusable = true;
            return default;
        }
        catch (Exception e) when (IsBreak(e))
        {
            relay.Drop();
            return new(new CacheError(CacheErrorCode.Unavailable, $"the connection to '{authority}' broke: {e.Message}"), IsSent: true, relay.HasPassedOn);
        }
    }

    private static async ValueTask SendAsync(CommandContext context, PipeWriter output, ForwardedCall call)
    {
        WriteCall(context, output, call);
        Ascii(output, $"*{context.Count}\r\n");
        for (int arg = 0; arg < context.Count; arg++)
        {
            Ascii(output, $"${context.ArgLength(arg)}\r\n");
            if (context.LargeArg(arg) is { } large)
                await SendAsync(large, output, context.Cancellation).ConfigureAwait(false);
            else
                output.Write(context.Arg(arg));
            output.Write("\r\n"u8);
            if (output.UnflushedBytes >= GatewayLimits.FlushBytes)
                await FlushAsync(output, context.Cancellation).ConfigureAwait(false);
        }

        await FlushAsync(output, context.Cancellation).ConfigureAwait(false);
    }

    private static async ValueTask SendAsync(ILargeValue value, PipeWriter output, CancellationToken cancellation)
    {
        for (long done = 0; done < value.Length;)
        {
            Memory<byte> piece = output.GetMemory(IBlobStore.ChunkBytes);
            Result<int> read = await value.ReadAsync(done, piece[..(int)Math.Min(piece.Length, value.Length - done)], cancellation).ConfigureAwait(false);
            if (!read.IsOk)
                throw new IOException(read.Error.Message);
            output.Advance(read.Value);
            done += read.Value;
            await FlushAsync(output, cancellation).ConfigureAwait(false);
        }
    }

    private static void WriteTrace(ICommandLink link)
    {
        ActivityContext trace = link.Trace();
        if (trace.TraceId == default)
            return;
        PipeWriter output = link.Pipe.Output;
        Ascii(output, $"*3\r\n$8\r\nHAL.PEER\r\n$5\r\nTRACE\r\n${TraceFrame.Bytes}\r\n");
        TraceFrame.Write(trace, output.GetSpan(TraceFrame.Bytes));
        output.Advance(TraceFrame.Bytes);
        output.Write("\r\n"u8);
    }

    private static void WriteCall(CommandContext context, PipeWriter output, ForwardedCall call)
    {
        bool isLong = call.Instance != 0 || call.Writer.IsSet;
        AclUser user = context.Client.User;
        Ascii(output, $"*{(isLong ? 12 : 8) + (user.IsUnrestricted ? 0 : 2)}\r\n");
        output.Write("$8\r\nHAL.PEER\r\n$4\r\nCALL\r\n"u8);
        Span<byte> digits = stackalloc byte[RedisInteger.BytesMax];
        long tracking = (call.Tracks ? PeerCommands.Tracks : 0) | (call.WantsOwn ? PeerCommands.WantsOwn : 0);
        ReadOnlySpan<long> numbers =
        [
            context.Client.Database, context.Client.Protocol, call.Caller, call.Request, call.Attempt, call.Epoch,
            (long)(call.Writer.IsSet ? call.Writer.Instance : call.Instance), call.Writer.Session, call.Writer.Flight, tracking,
        ];
        foreach (long number in isLong ? numbers : numbers[..6])
        {
            int length = RedisInteger.Format(number, digits);
            Ascii(output, $"${length}\r\n");
            output.Write(digits[..length]);
            output.Write("\r\n"u8);
        }

        // What the command does inside, as a script, may do no more than its user.
        if (user.IsUnrestricted)
            return;
        foreach (string text in (ReadOnlySpan<string>)[user.Name, user.Rules.DescribePermissions()])
        {
            Ascii(output, $"${text.Length}\r\n");
            output.Write(Encoding.Latin1.GetBytes(text));
            output.Write("\r\n"u8);
        }
    }

    private static async ValueTask FlushAsync(PipeWriter output, CancellationToken cancellation)
    {
        FlushResult flushed = await output.FlushAsync(cancellation).ConfigureAwait(false);
        if (flushed.IsCompleted)
            throw new IOException("the peer reads no more");
    }

    private static void Ascii(PipeWriter output, FormattableString text) =>
        output.Write(Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture)));

    private readonly record struct Attempt(CacheError? Error, bool IsSent, bool HasReplied);
}
