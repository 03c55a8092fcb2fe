using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Hal.Cache.Contracts;
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

    /// <summary>Bytes of a body that are handed to the output at a time.</summary>
    private const int BodyBytesAtOnce = 64 << 10;

    private const long TimedMask = 15;
    private const int CarryBytesMin = 4 << 10;

    private readonly PipeReader input;
    private readonly PipeWriter output;
    private readonly RespRequestParser parser;
    private readonly RespWriter reply;
    private readonly CancellationToken closed;
    private readonly CommandContext context;
    private readonly CommandDispatcher dispatcher;
    private readonly SlowLog slowLog;
    private readonly TimeProvider time;
    private readonly ClientSession client;

    private byte[] carry = [];
    private int carried;
    private bool closing;
    private bool resumes; // a large argument was taken: the request may be complete without another byte
    private int replyStart;
    private Outcome waiting;
    private long startedAt;

    public RespConnection(ServerState server, CommandDispatcher dispatcher, ClientSession client, IDuplexPipe pipe, CancellationToken closed)
    {
        (this.dispatcher, this.client, input, output, this.closed) = (dispatcher, client, pipe.Input, pipe.Output, closed);
        context = new CommandContext(server, server.Keyspace, client) { Cancellation = closed };
        (parser, reply, slowLog, time) = (context.Parser, context.Reply, server.SlowLog, server.Time);
        client.Wake = input.CancelPendingRead;
        context.SendSoFar = server.Forwarder is null ? null : SendSoFarAsync;
        EndCommand();
    }

    /// <summary>Runs until the client, an error or QUIT ends the connection.</summary>
    public async Task RunAsync()
    {
        while (!closing)
        {
            ReadResult read = await input.ReadAsync(closed).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (!buffer.IsEmpty)
                client.ActiveAt = time.GetUtcNow().ToUnixTimeMilliseconds();
            while (!closing)
            {
                Step step = Process(ref buffer);
                if (step == Step.NeedsInput)
                    break;
                if (step == Step.Waits)
                    await FinishCommandAsync().ConfigureAwait(false);
                else if (step == Step.LargeArgument)
                    buffer = await TakeLargeAsync(buffer).ConfigureAwait(false);
                if (reply.Length >= ReplyBytesBuffered || reply.Deferred.Count > 0)
                    await FlushAsync().ConfigureAwait(false);
            }

            if (client.Outbox is { IsEmpty: false } outbox)
                reply.Raw(outbox.Take().Span);
            if (reply.Length > 0)
                await FlushAsync().ConfigureAwait(false);
            input.AdvanceTo(buffer.End);
            if (read.IsCompleted)
                return;
            if (carried == 0)
                ReturnCarry();
        }
    }

    public void Dispose()
    {
        if (client.Peer != null)
            ForwardedRuns.Cut(context);
        context.Dispose();
        ReturnCarry();
    }

    /// <summary>Runs commands until one has to wait, a large argument begins, much is to be sent, or the input ends.</summary>
    private Step Process(ref ReadOnlySequence<byte> buffer)
    {
        while (!buffer.IsEmpty || resumes)
        {
            ReadOnlyMemory<byte> block = buffer.First;
            int used = 0;
            resumes = false;
            Step? step = carried > 0 ? ProcessCarried(block, ref used) : ProcessBlock(block, ref used);
            buffer = buffer.Slice(used);
            if (step is { } stop)
                return stop;
        }

        return Step.NeedsInput;
    }

    private Step? ProcessBlock(ReadOnlyMemory<byte> block, ref int used)
    {
        while (used < block.Length)
        {
            ReadOnlyMemory<byte> rest = block[used..];
            switch (parser.Parse(rest.Span))
            {
                case ParseResult.Command:
                    used += parser.Consumed;
                    if (RunCommand(rest) is { } step)
                        return step;
                    break;
                case ParseResult.LargeArgument:
                    Carry(rest.Span[..parser.Consumed]);
                    used += parser.Consumed;
                    return Step.LargeArgument;
                case ParseResult.NeedMore:
                    Carry(rest.Span);
                    used = block.Length;
                    return null;
                default:
                    return Refuse();
            }
        }

        return null;
    }

    /// <summary>Adds to the request that is carried what it needs, no more, so that what follows is read in place again.</summary>
    private Step? ProcessCarried(ReadOnlyMemory<byte> block, ref int used)
    {
        ParseResult result = parser.Parse(carry.AsSpan(0, carried));
        while (result == ParseResult.NeedMore)
        {
            if (used == block.Length)
                return null;
            int missing = (int)Math.Min(Math.Max(parser.Needed - carried, 1), block.Length - used);
            Carry(block.Span.Slice(used, missing));
            used += missing;
            result = parser.Parse(carry.AsSpan(0, carried));
        }

        if (result == ParseResult.Error)
            return Refuse();
        used -= carried - parser.Consumed;
        carried = parser.Consumed;
        return result == ParseResult.LargeArgument ? Step.LargeArgument : RunCommand(carry.AsMemory(0, carried));
    }

    private Step? RunCommand(ReadOnlyMemory<byte> request)
    {
        if (parser.Count == 0)
        {
            EndCommand();
            return null;
        }

        replyStart = reply.Length;
        // One in so many is timed: reading the clock costs as much as a small command's other half.
        startedAt = (client.Counters.Commands & TimedMask) == 0 || slowLog.TimesAll ? Stopwatch.GetTimestamp() : 0;
        context.SetInput(request);
        waiting = dispatcher.Start(context);
        if (waiting is Outcome.Retry or Outcome.Async)
            return Step.Waits;
        closing |= waiting == Outcome.Close;
        FinishCommand();
        return closing || reply.Length >= ReplyBytesBuffered || reply.Deferred.Count > 0 ? Step.Sends : null;
    }

    private async ValueTask FinishCommandAsync()
    {
        if (startedAt == 0)
            startedAt = Stopwatch.GetTimestamp(); // whatever waits is worth a look at the clock
        // The replies before this one need not wait for it.
        if (replyStart > 0 && waiting == Outcome.Retry)
        {
            context.DropReply(replyStart);
            await FlushAsync().ConfigureAwait(false);
            replyStart = 0;
        }

        closing |= await CommandDispatcher.FinishAsync(context, waiting, replyStart).ConfigureAwait(false) == Outcome.Close;
        FinishCommand();
    }

    /// <summary>Counts the command, and drops its reply where the client wants none.</summary>
    private void FinishCommand()
    {
        ClientCounters counters = client.Counters;
        counters.Commands++;
        counters.BytesIn += parser.Consumed;
        if (context.Spec.Id >= 0)
        {
            counters.Spec = context.Spec;
            counters.Calls[context.Spec.Id]++;
            counters.Hits += context.Hits;
            counters.Misses += context.Misses;
            if (context.Failed)
                counters.Failures[context.Spec.Id]++;
            if (startedAt != 0)
            {
                long ticks = Stopwatch.GetTimestamp() - startedAt;
                counters.Ticks[context.Spec.Id] += ticks;
                counters.Timed[context.Spec.Id]++;
                if (!context.Spec.Has(CommandFlags.SkipSlowlog))
                    slowLog.Note(context, (long)(ticks * 1e6 / Stopwatch.Frequency));
            }
        }

        if (client.Peer != null)
            ForwardedRuns.End(context, replyStart);
        if (client.Replies != ReplyMode.On)
            DropUnwanted();
        EndCommand();
    }

    private void DropUnwanted()
    {
        // The command that turns replies off, or asks for the next to be skipped, has none itself.
        context.DropReply(replyStart);
        client.Replies = client.Replies switch
        {
            ReplyMode.SkipNext => ReplyMode.Skip,
            ReplyMode.Skip => ReplyMode.On,
            _ => client.Replies,
        };
    }

    private void EndCommand()
    {
        context.End();
        parser.Reset();
        parser.Unauthenticated = !client.IsAuthenticated;
        parser.StreamLarge = client.IsAuthenticated;
        carried = 0;
    }

    private Step Refuse()
    {
        reply.Error([.. "ERR "u8, .. parser.ErrorMessage]);
        closing = true;
        return Step.Sends;
    }

    /// <summary>Takes a large argument's body out of the stream, into the store, chunk by chunk.</summary>
    private async ValueTask<ReadOnlySequence<byte>> TakeLargeAsync(ReadOnlySequence<byte> buffer)
    {
        if (reply.Length > 0)
            await FlushAsync().ConfigureAwait(false);
        long left = parser.LargeLength;
        ILargeValue value = context.Store.Stage(left);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
        CacheError? error = null;
        try
        {
            int filled = 0, index = 0, ending = 2; // CR and LF follow the body
            while (left > 0 || ending > 0)
            {
                if (buffer.IsEmpty)
                {
                    input.AdvanceTo(buffer.End);
                    ReadResult read = await input.ReadAsync(closed).ConfigureAwait(false);
                    buffer = read.Buffer;
                    if (buffer.IsEmpty && read.IsCompleted)
                    {
                        value.Release();
                        closing = true;
                        return buffer;
                    }
                }

                ReadOnlyMemory<byte> block = buffer.First;
                if (left == 0)
                {
                    int skip = Math.Min(ending, block.Length);
                    ending -= skip;
                    buffer = buffer.Slice(skip);
                    continue;
                }

                int count = (int)Math.Min(Math.Min(block.Length, left), IBlobStore.ChunkBytes - filled);
                if (error == null)
                    block.Span[..count].CopyTo(chunk.AsSpan(filled));
                buffer = buffer.Slice(count);
                filled += count;
                left -= count;
                if (filled < IBlobStore.ChunkBytes && left > 0)
                    continue;
                error ??= await value.WriteChunkAsync(index++, chunk.AsMemory(0, filled), closed).ConfigureAwait(false);
                filled = 0;
            }
        }
        catch
        {
            value.Release();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        context.AddLarge(value);
        parser.LargeTaken();
        resumes = true;
        context.Refused ??= error;
        return buffer;
    }

    private void Carry(ReadOnlySpan<byte> bytes)
    {
        if (carried + bytes.Length > carry.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(CarryBytesMin, (int)Math.Max(Math.Min(parser.Needed, int.MaxValue / 2), (carried + bytes.Length) * 2L)));
            carry.AsSpan(0, carried).CopyTo(larger);
            if (carry.Length > 0)
                ArrayPool<byte>.Shared.Return(carry);
            carry = larger;
        }

        bytes.CopyTo(carry.AsSpan(carried));
        carried += bytes.Length;
    }

    private void ReturnCarry()
    {
        if (carry.Length > 0)
            ArrayPool<byte>.Shared.Return(carry);
        carry = [];
        carried = 0;
    }

    /// <summary>Sends the replies when all that they depend on is durable; waits while the client does not take them.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FlushAsync()
    {
        if (context.Scope.Address != 0)
        {
            IBlobStore store = context.Store;
            if (store.AcknowledgesCommits && context.Scope.Address >= store.CommittedUntil
                && await store.WaitForCommitAsync(context.Scope.Address, CancellationToken.None).ConfigureAwait(false) is { } failed)
            {
                // What the replies would acknowledge is not durable: the client must not hear that it is.
                context.DropReply(0);
                reply.Error(RespErrors.Of(failed));
                closing = true;
            }

            context.ResetScope();
        }

        if (!context.Waits.IsEmpty && !closing)
            await context.Waits.PublishedAsync(context.Keyspace.Authority!).ConfigureAwait(false);
        int sent = 0;
        for (int at = 0; at < reply.Deferred.Count; at++)
        {
            DeferredBody body = reply.Deferred[at];
            output.Write(reply.WrittenSpan[sent..body.Position]);
            sent = body.Position;
            if (!await SendBodyAsync((ValueReader)body.Source).ConfigureAwait(false))
            {
                client.Abort();
                closing = true;
                return;
            }
        }

        output.Write(reply.WrittenSpan[sent..]);
        reply.Clear();
        FlushResult flushed = await output.FlushAsync(closed).ConfigureAwait(false);
        closing |= flushed.IsCompleted;
    }

    /// <summary>Sends the front of a reply whose rest is still to come; a client that wants no replies gets none of it.</summary>
    private async ValueTask SendSoFarAsync()
    {
        if (client.Replies != ReplyMode.On)
        {
            context.DropReply(replyStart);
            return;
        }

        await FlushAsync().ConfigureAwait(false);
        replyStart = 0;
    }

    /// <summary>False where the rest of the bytes can't be had: the length is told already, so that the connection has to go.</summary>
    private async ValueTask<bool> SendBodyAsync(ValueReader reader)
    {
        using (reader)
        {
            while (reader.Remaining > 0)
            {
                Memory<byte> memory = output.GetMemory((int)Math.Min(BodyBytesAtOnce, reader.Remaining));
                int count = reader.TryRead(memory.Span);
                if (count == 0)
                {
                    Result<int> read = await reader.ReadAsync(memory, closed).ConfigureAwait(false);
                    if (!read.IsOk || read.Value == 0)
                        return false;
                    count = read.Value;
                }

                output.Advance(count);
                FlushResult flushed = await output.FlushAsync(closed).ConfigureAwait(false);
                if (flushed.IsCompleted)
                    return false;
            }

            return true;
        }
    }

    private enum Step
    {
        NeedsInput,
        Waits,
        LargeArgument,
        Sends,
    }
}
