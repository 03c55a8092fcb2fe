using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// One client's connection: parses as many requests as the input holds, runs them, and sends the replies at once. A request is read where
/// it lies in the pipe; only one that crosses the border of two blocks is copied together. Large arguments go to the store as they come in.
/// </summary>
internal sealed class RespConnection : IDisposable
{
    /// <summary>Replies beyond this many bytes are sent before the next command runs.</summary>
    private const int ReplyBytesBuffered = 64 << 10;

    /// <summary>Bytes of input after which other connections have their turn, and what was worked on gives its memory back.</summary>
    private const int InputBytesAtOnce = 1 << 20;

    private const long TimedMask = 15;

    private readonly PipeReader input;
    private readonly RespRequestParser parser;
    private readonly RespWriter reply;
    private readonly CancellationToken closed;
    private readonly CommandContext context;
    private readonly CommandDispatcher dispatcher;
    private readonly ServerState server;
    private readonly SlowLog slowLog;
    private readonly TimeProvider time;
    private readonly ClientSession client;

    private readonly CarryBuffer carry = new();
    private readonly ReplySender sender;
    private readonly CommandEnd end;
    private readonly ForwardedWrites? writes;
    private PipelineAhead? ahead;
    private LargeArgumentReader? large;
    private bool closing;
    private bool resumes; // a large argument was taken: the request may be complete without another byte
    private long available; // bytes of input that are here
    private bool hasMore; // behind the command that was parsed
    private int replyStart;
    private Outcome waiting;
    private long startedAt;

    public RespConnection(
        ServerState server, CommandDispatcher dispatcher, ClientSession client, IDuplexPipe pipe, IConnectionLoop? loop, LoopCommits? commits, CancellationToken closed)
    {
        (this.dispatcher, this.client, input, this.closed) = (dispatcher, client, pipe.Input, closed);
        context = new CommandContext(server, server.Keyspace, client)
        {
            Cancellation = closed,
            Turns = loop,
            Loop = commits is null ? loop : null, // the waits of many connections for one commit end on one stack, which can't be left
        };
        (this.server, parser, reply, slowLog, time) = (server, context.Parser, context.Reply, server.SlowLog, server.Time);
        end = new CommandEnd(context);
        writes = server.Forwarder is { } forwarder && server.Tree is { Authorities.IsAuthority: false }
            ? new ForwardedWrites(context, forwarder, time)
            : null;
        sender = new ReplySender(context, pipe, client.Abort, loop, commits, time, closed);
        client.Wake = input.CancelPendingRead;
        client.Buffers = new ConnectionBuffers(context, carry, sender);
        context.SendSoFar = server.Forwarder is null ? null : SendSoFarAsync;
        EndCommand();
    }

    /// <summary>Runs until the client, an error or QUIT ends the connection.</summary>
    public async Task RunAsync()
    {
        while (!closing && !sender.IsClosed)
        {
            int borrowed = sender.IsOnBorrowedThread ? Environment.CurrentManagedThreadId : 0;
            context.HasLeftLoop = false;
            ReadResult read = await input.ReadAsync(closed).ConfigureAwait(false);
            if (borrowed == Environment.CurrentManagedThreadId && sender.IsOnBorrowedThread)
                await sender.GiveBackThreadAsync().ConfigureAwait(false);
            sender.IsOnBorrowedThread = false;
            ReadOnlySequence<byte> buffer = read.Buffer;
            bool isPart = buffer.Length > InputBytesAtOnce;
            if (isPart)
            {
                buffer = buffer.Slice(0, InputBytesAtOnce);
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the loop's thread, if this is it
            }

            bool isPeer = client.Peer is not null; // another instance has checked what it sends
            parser.BulkBytesMax = isPeer ? RespLimits.BulkBytesMax : server.BulkBytesMax;
            parser.RequestBytesMax = isPeer ? GatewayLimits.RequestBytesMax : server.RequestBytesMax;
            long length = buffer.Length;
            if (!buffer.IsEmpty)
                client.ActiveAt = time.GetUtcNow().ToUnixTimeMilliseconds();
            client.TakeMessages(reply);
            while (!closing && !sender.IsClosed)
            {
                if (sender.IsOnBorrowedThread && !buffer.IsEmpty)
                    await sender.GiveBackThreadAsync().ConfigureAwait(false);
                ConnectionStep step = Process(ref buffer);
                if (writes is { Count: > 0 })
                {
                    await WaitAsync(AnswerWritesAsync(step)).ConfigureAwait(false);
                    if (sender.IsOnBorrowedThread && step != ConnectionStep.NeedsInput)
                        await sender.GiveBackThreadAsync().ConfigureAwait(false);
                    if (step is ConnectionStep.Follows or ConnectionStep.Ends)
                        step = (step == ConnectionStep.Follows ? Begin() : End()) ?? ConnectionStep.Sends;
                }

                if (step == ConnectionStep.NeedsInput)
                    break;
                if (step == ConnectionStep.Waits)
                {
                    if (waiting == Outcome.Retry && !buffer.IsEmpty && server.Keyspace.KeepsCopies)
                        (ahead ??= new PipelineAhead(context, server.Table)).Look(buffer);
                    await WaitAsync(FinishCommandAsync()).ConfigureAwait(false);
                }
                else if (step == ConnectionStep.LargeArgument)
                {
                    buffer = await TakeLargeAsync(buffer).ConfigureAwait(false);
                }

                if (reply.Length >= ReplyBytesBuffered || reply.Deferred.Count > 0)
                    await sender.FlushAsync().ConfigureAwait(false);
            }

            // What its own writes have ended at another instance goes out with their replies: a client that has those has dropped what it kept.
            if (reply.Length > 0 && !closing)
                client.TakeMessages(reply);
            if (reply.Length > 0 && !sender.IsClosed)
                await sender.FlushAsync().ConfigureAwait(false);
            input.AdvanceTo(buffer.End);
            sender.InputTaken(length);
            if (read.IsCompleted && !isPart)
                return;
            if (carry.Length == 0)
                carry.Return();
        }
    }

    public void Dispose()
    {
        if (client.Peer != null)
            ForwardedRuns.Cut(context);
        if (writes is { Count: > 0 })
            _ = writes.DisposeAsync().AsTask();
        context.Dispose();
        sender.Dispose();
        carry.Return();
    }

    /// <summary>Runs commands until one has to wait, a large argument begins, much is to be sent, or the input ends.</summary>
    private ConnectionStep Process(ref ReadOnlySequence<byte> buffer)
    {
        context.Scope.ReadAt = WriteScope.ReadAtFirst;
        while (!buffer.IsEmpty || resumes)
        {
            ReadOnlyMemory<byte> block = buffer.First;
            available = writes is null ? 0 : buffer.Length;
            int used = 0;
            resumes = false;
            ConnectionStep? step = carry.Length > 0 ? ProcessCarried(block, ref used) : ProcessBlock(block, ref used);
            buffer = buffer.Slice(used);
            if (step is { } stop)
                return stop;
        }

        return ConnectionStep.NeedsInput;
    }

    private ConnectionStep? ProcessBlock(ReadOnlyMemory<byte> block, ref int used)
    {
        while (used < block.Length)
        {
            ReadOnlyMemory<byte> rest = block[used..];
            switch (parser.Parse(rest.Span))
            {
                case ParseResult.Command:
                    used += parser.Consumed;
                    if (RunCommand(rest, used) is { } step)
                        return step;
                    break;
                case ParseResult.LargeArgument:
                    carry.Add(rest.Span[..parser.Consumed], parser.Needed);
                    used += parser.Consumed;
                    return ConnectionStep.LargeArgument;
                case ParseResult.NeedMore:
                    carry.Add(rest.Span, parser.Needed);
                    used = block.Length;
                    return null;
                default:
                    return Refuse();
            }
        }

        return null;
    }

    /// <summary>Adds to the request that is carried what it needs, no more, so that what follows is read in place again.</summary>
    private ConnectionStep? ProcessCarried(ReadOnlyMemory<byte> block, ref int used)
    {
        ParseResult result = parser.Parse(carry.Span);
        while (result == ParseResult.NeedMore)
        {
            if (used == block.Length)
                return null;
            int missing = (int)Math.Min(Math.Max(parser.Needed - carry.Length, 1), block.Length - used);
            carry.Add(block.Span.Slice(used, missing), parser.Needed);
            used += missing;
            result = parser.Parse(carry.Span);
        }

        if (result == ParseResult.Error)
            return Refuse();
        used -= carry.Length - parser.Consumed;
        carry.Cut(parser.Consumed);
        return result == ParseResult.LargeArgument ? ConnectionStep.LargeArgument : RunCommand(carry.Memory, used);
    }

    private ConnectionStep? RunCommand(ReadOnlyMemory<byte> request, int used)
    {
        if (parser.Count == 0)
        {
            EndCommand();
            return null;
        }

        context.SetInput(request);
        hasMore = writes is not null && available > used;
        return writes is { Count: > 0 } && !MayJoinWrites() ? ConnectionStep.Follows : Begin();
    }

    /// <summary>Begins the command that was parsed.</summary>
    private ConnectionStep? Begin()
    {
        replyStart = reply.Length;
        // One in so many is timed: reading the clock costs as much as a small command's other half.
        startedAt = (client.Counters.Commands & TimedMask) == 0 || slowLog.TimesAll || server.Latency.IsOn ? Stopwatch.GetTimestamp() : 0;
        waiting = dispatcher.Start(context);
        if (context.IsForwarded && writes is not null && (hasMore || writes.Count > 0) && writes.Takes(context.Spec, context.Count) && writes.TryAdd())
        {
            EndCommand();
            return writes.IsFull ? ConnectionStep.Sends : null;
        }

        if (waiting is Outcome.Retry or Outcome.Async)
            return ConnectionStep.Waits;
        return writes is { Count: > 0 } ? ConnectionStep.Ends : End();
    }

    private ConnectionStep? End()
    {
        closing |= waiting == Outcome.Close;
        FinishCommand();
        return closing || reply.Length >= ReplyBytesBuffered || reply.Deferred.Count > 0 ? ConnectionStep.Sends : null;
    }

    /// <summary>Whether what comes behind unanswered writes can be no other than one more of them, or refused.</summary>
    private bool MayJoinWrites() =>
        !context.IsLarge(0) && server.Table.Find(context.Arg(0)) is { Subcommands.Length: 0 } spec && writes!.Takes(spec, parser.Count);

    /// <summary>Has the writes that were put off run and writes their replies, ahead of what the command behind them may have written.</summary>
    private async ValueTask AnswerWritesAsync(ConnectionStep step)
    {
        context.Scope.ReadAt = 0;
        bool hasBegun = step is ConnectionStep.Waits or ConnectionStep.Ends or ConnectionStep.Refused;
        byte[] behind = hasBegun ? reply.WrittenSpan[replyStart..].ToArray() : [];
        bool failed = hasBegun && context.Failed;
        if (hasBegun)
            context.DropReply(replyStart);
        client.IsWaiting = true;
        while (writes!.Count > 0)
        {
            replyStart = reply.Length;
            (ForwardedWriteCall call, bool isError) = await writes.NextAsync().ConfigureAwait(false);
            end.RunPipelined(call, isError, replyStart);
            if (reply.Length >= ReplyBytesBuffered)
                await sender.FlushAsync().ConfigureAwait(false);
        }

        client.IsWaiting = false;
        client.ActiveAt = time.GetUtcNow().ToUnixTimeMilliseconds();
        context.BeginForwarded();
        if (failed)
            context.NoteFailure();
        replyStart = reply.Length;
        reply.Raw(behind);
    }

    // What had to wait may go on on a thread that reads from another instance: what comes after the reply must not stay there.
    private ValueTask WaitAsync(ValueTask finishing)
    {
        sender.IsOnBorrowedThread |= !finishing.IsCompleted;
        return finishing;
    }

    private async ValueTask FinishCommandAsync()
    {
        if (startedAt == 0)
            startedAt = Stopwatch.GetTimestamp(); // whatever waits is worth a look at the clock
        context.Scope.ReadAt = 0;
        // The replies before this one need not wait for it, nor the messages, but for what a read that has begun may be told ahead of its reply.
        if (replyStart > 0 && (waiting == Outcome.Retry || context.Spec.Has(CommandFlags.Blocking) || dispatcher.Holds(context)))
        {
            context.DropReply(replyStart);
            if (waiting == Outcome.Retry || !context.Spec.Has(CommandFlags.ReadOnly))
                client.TakeMessages(reply);
            await sender.FlushAsync().ConfigureAwait(false);
            replyStart = context.ReplyStart = 0;
        }

        client.IsWaiting = true;
        CommandSpans.Wait(context);
        closing |= await RunToEndAsync().ConfigureAwait(false) == Outcome.Close;
        client.IsWaiting = false;
        client.ActiveAt = time.GetUtcNow().ToUnixTimeMilliseconds();
        FinishCommand();
        CommandSpans.End(context, replyStart);
    }

    /// <summary>Has the command run to its end; a client of RESP3 whose command waits is sent its messages meanwhile.</summary>
    private ValueTask<Outcome> RunToEndAsync()
    {
        if (client.Protocol != 3 || !context.Spec.Has(CommandFlags.Blocking))
            return CommandDispatcher.FinishAsync(context, waiting, replyStart);
        sender.BeginWait();
        return new WaitingPushes(context, sender, closed).RunAsync(() => CommandDispatcher.FinishAsync(context, waiting, replyStart));
    }

    private void FinishCommand()
    {
        end.Run(replyStart, startedAt);
        EndCommand();
    }

    private void EndCommand()
    {
        context.End();
        parser.Reset();
        bool isKnown = client.IsAuthenticated || !server.Acl.NeedsPassword;
        parser.Unauthenticated = !isKnown;
        parser.StreamLarge = isKnown;
        carry.Cut(0);
    }

    private ConnectionStep Refuse()
    {
        replyStart = reply.Length;
        reply.Error([.. "ERR "u8, .. parser.ErrorMessage]);
        closing = true;
        return ConnectionStep.Refused;
    }

    private async ValueTask<ReadOnlySequence<byte>> TakeLargeAsync(ReadOnlySequence<byte> buffer)
    {
        if (reply.Length > 0)
            await sender.FlushAsync().ConfigureAwait(false);
        large ??= new LargeArgumentReader(input, context, sender, closed);
        ILargeValue? value = await large.ReadAsync(buffer, parser.LargeLength).ConfigureAwait(false);
        if (value == null)
        {
            closing = true;
            return large.Rest;
        }

        context.AddLarge(value);
        parser.LargeTaken();
        resumes = true;
        return large.Rest;
    }

    /// <summary>Sends the front of a reply whose rest is still to come; a client that wants no replies gets none of it.</summary>
    private async ValueTask SendSoFarAsync()
    {
        if (client.Replies != ReplyMode.On)
        {
            context.DropReply(replyStart);
            return;
        }

        await sender.BeginReplyAsync().ConfigureAwait(false);
        replyStart = 0;
    }
}
