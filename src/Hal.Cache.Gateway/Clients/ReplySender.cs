using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Clients;

/// <summary>Sends what a connection's writer holds, bodies of large values in between, once all that it tells of is durable.</summary>
internal sealed class ReplySender(
    CommandContext context, IDuplexPipe pipe, Action abort, IConnectionLoop? loop, LoopCommits? commits, TimeProvider time, CancellationToken closed) : IDisposable
{
    /// <summary>A client that has taken nothing for so long may be one that still sends; twice as long each time that nothing came.</summary>
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan StuckAfterMax = TimeSpan.FromSeconds(2);

    /// <summary>Bytes of a body that are handed to the output at a time.</summary>
    private const int BodyBytesAtOnce = 64 << 10;

    /// <summary>Bytes of a body that are sent in one go on a thread that brought some of them.</summary>
    private const int BodyBytesBorrowed = 1 << 20;

    /// <summary>Bytes of a body after which other work of the thread has its turn: or the last of many readers would wait until all others have all.</summary>
    private const int BodyBytesPerTurn = 256 << 10;

    /// <summary>
    /// The same for a body's first turn, which is sent at once where it had to be waited for: many who have waited for one object all have their first bytes
    /// before anybody has more.
    /// </summary>
    private const int BodyBytesFirstTurn = 16 << 10;

    /// <summary>Bytes of a body that may wait to be sent together.</summary>
    private const int BodyBytesUnsent = 256 << 10;

    /// <summary>Replies of no more than this are no matter of output limits: Redis does not count its clients' own buffers, which hold so much.</summary>
    private const int OutputBytesUncounted = 16 << 10;

    /// <summary>A buffer for replies that has grown beyond this is given back once they are handed over: a connection lives long after its largest reply.</summary>
    private const int ReplyBytesKept = 256 << 10;

    private readonly RespWriter reply = context.Reply;
    private readonly PipeWriter output = pipe.Output;
    private readonly ILendingOutput? lending = pipe.Output as ILendingOutput;
    private readonly IInputAhead? input = pipe.Input as IInputAhead;
    private StuckSends? stuck;
    private LoopReturn? back;
    private long ahead; // bytes that were received while replies waited, and not worked on yet
    private SemaphoreSlim? gate; // while a command waits whose client is sent messages
    private CommitWait? commit;
    private bool hasBegun;
    private bool hasMoved;

    /// <summary>Whether this may be a thread that reads from another instance, and that others wait for; the connection's own loop is none, but where others are in line on it.</summary>
    public bool IsOnBorrowedThread
    {
        get => hasMoved && (ReaderLine.IsRunning || loop is not { IsCurrentThread: true });
        set => hasMoved = value;
    }

    /// <summary>Goes on on the thread pool.</summary>
    public async ValueTask GiveBackThreadAsync()
    {
        IsOnBorrowedThread = false;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
    }

    /// <summary>So much of the input has been worked on.</summary>
    public void InputTaken(long bytes)
    {
        if (ahead == 0)
            return;
        bytes = Math.Min(bytes, ahead);
        ahead -= bytes;
        context.Server.Ahead.Returned(bytes);
    }

    public void Dispose()
    {
        stuck?.Dispose();
        InputTaken(long.MaxValue);
    }

    /// <summary>Bytes that were received while replies waited, and not worked on yet; any thread may ask.</summary>
    public long AheadBytes => Volatile.Read(ref ahead);

    /// <summary>Bytes that wait for the client to take them, as far as the transport tells; any thread may ask.</summary>
    public long UnsentBytes => output.CanGetUnflushedBytes ? output.UnflushedBytes : 0;

    /// <summary>True when the connection is of no use any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Messages go out again as soon as they come.</summary>
    public void BeginWait() => (gate, hasBegun) = (gate ?? new(1, 1), false);

    /// <summary>Sends the front of the reply of a command that waits: no message comes between it and its rest.</summary>
    public async ValueTask BeginReplyAsync()
    {
        if (gate is null)
        {
            await FlushAsync().ConfigureAwait(false);
            return;
        }

        await gate.WaitAsync(closed).ConfigureAwait(false);
        try
        {
            hasBegun = true;
            await FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Sends the messages for a client whose command waits, unless its reply has begun; false where there were none. The reply that others write meanwhile stays where it is.</summary>
    public async ValueTask<bool> PushAsync()
    {
        await gate!.WaitAsync(closed).ConfigureAwait(false);
        try
        {
            if (hasBegun || !context.Client.HasMessages)
                return false;
            ReadOnlyMemory<byte> messages = context.Client.Outbox.TakeUnlessHeld();
            if (messages.IsEmpty)
                return false;
            output.Write(messages.Span);
            context.Client.Counters.BytesOut += messages.Length;
            FlushResult flushed;
            do
                flushed = await output.FlushAsync(closed).ConfigureAwait(false); // the input is the command's, which may go on meanwhile
            while (flushed.IsCanceled);
            IsClosed |= flushed.IsCompleted;
            return true;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Sends all; waits while the client does not take it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync()
    {
        if (reply.Length > OutputBytesUncounted && !context.Client.Limits.PermitsReplies(context.Client, reply.Length))
        {
            context.DropReply(0);
            context.Client.CutForOutput();
            IsClosed = true;
            return;
        }

        if (context.Scope.Address != 0)
        {
            IBlobStore store = context.Store;
            if (store.AcknowledgesCommits && context.Scope.Address >= store.CommittedUntil
                && await CommittedAsync(context.Scope.Address).ConfigureAwait(false) is { } failed)
            {
                // What the replies would acknowledge is not durable: the client must not hear that it is.
                context.DropReply(0);
                reply.Error(RespErrors.Bytes(RespErrors.Of(failed)));
                IsClosed = true;
            }

            context.ResetScope();
        }

        if (!context.Waits.IsEmpty && !IsClosed)
            await context.Waits.PublishedAsync(context.Keyspace.Authority!).ConfigureAwait(false);
        if (reply.Deferred.Count == 0)
            WriteRest(reply, 0);
        else if (!await SendBodiesAsync().ConfigureAwait(false))
            return;
        reply.Clear();
        if (reply.Capacity > ReplyBytesKept)
            reply.ReturnBuffer();
        IsClosed |= await SendAsync().ConfigureAwait(false);
    }

    /// <summary>Sends what the output holds; true where the client is gone.</summary>
    private ValueTask<bool> SendAsync()
    {
        ValueTask<FlushResult> flushing = output.FlushAsync(closed);
        return flushing.IsCompletedSuccessfully ? new(flushing.Result.IsCompleted) : WaitForClientAsync(flushing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitForClientAsync(ValueTask<FlushResult> flushing)
    {
        // Who has not said who he is gets no memory for more than one read.
        if (input == null || (!context.Client.IsAuthenticated && context.Server.Acl.NeedsPassword))
            return (await flushing.ConfigureAwait(false)).IsCompleted;
        stuck ??= new(output, time);
        for (TimeSpan after = StuckAfter; ;)
        {
            stuck.Begin(after);
            FlushResult flushed = await flushing.ConfigureAwait(false);
            stuck.End();
            if (!flushed.IsCanceled)
                return flushed.IsCompleted;

            int came = input.TryReceiveAhead(context.Server.Ahead.Left(ahead));
            context.Server.Ahead.Took(came);
            ahead += came;
            after = came > 0 ? StuckAfter : after * 2 < StuckAfterMax ? after * 2 : StuckAfterMax;
            flushing = output.FlushAsync(closed);
        }
    }

    private void WriteRest(RespWriter from, int sent)
    {
        output.Write(from.WrittenSpan[sent..]);
        context.Client.Counters.BytesOut += from.Length;
    }

    /// <summary>Sends the reply with its bodies; false where the connection is of no use any more.</summary>
    private async ValueTask<bool> SendBodiesAsync()
    {
        using Activity? span = CommandSpans.Sending(context);
        if (await SendBodiesAsync(reply, rereads: 0).ConfigureAwait(false))
            return true;
        span?.SetStatus(ActivityStatusCode.Error);
        abort();
        IsClosed = true;
        return false;
    }

    /// <param name="rereads">How often what was to be sent was lost, so that this is in its place.</param>
    private async ValueTask<bool> SendBodiesAsync(RespWriter from, int rereads)
    {
        int sent = 0;
        for (int at = 0; at < from.Deferred.Count; at++)
        {
            DeferredBody body = from.Deferred[at];
            output.Write(from.WrittenSpan[sent..body.Start]);
            sent = body.Position;
            BodyEnd end = await SendBodyAsync((IByteSource)body.Source, from.Written[body.Start..body.Position]).ConfigureAwait(false);
            if (end.IsSent)
                continue;
            if (end.Lost is not { } why)
                return false;
            using RespWriter instead = await LostBodies.InsteadAsync(context, body, why, rereads, closed).ConfigureAwait(false);
            if (!await SendBodiesAsync(instead, rereads + 1).ConfigureAwait(false))
                return false;
            sent = body.End;
        }

        WriteRest(from, sent);
        return true;
    }

    private ValueTask<CacheError?> CommittedAsync(long address)
    {
        if (commits is { Loop.IsCurrentThread: true })
            return commits.WaitAsync(commit ??= new CommitWait(), address);
        return context.Store.WaitForCommitAsync(address, CancellationToken.None);
    }

    /// <summary>Sends a body behind its length, which goes out with the first bytes: where these can't be had, something else may be said.</summary>
    /// <remarks>Where the rest can't be had, the length is told already, so that the connection has to go.</remarks>
    private async ValueTask<BodyEnd> SendBodyAsync(IByteSource body, ReadOnlyMemory<byte> head)
    {
        if (body is ValueReader reader)
            reader.GoesOnAtOnce = true;
        using (body)
        {
            int turnMax = BodyBytesFirstTurn;
            bool hasWaited = false;
            for (long borrowed = 0, turn = 0; body.Remaining > 0;)
            {
                if (IsOnBorrowedThread && borrowed >= BodyBytesBorrowed)
                {
                    if (output.UnflushedBytes > 0 && await SendAsync().ConfigureAwait(false))
                        return default; // what is lent is not kept while a thread is waited for
                    await GiveBackThreadAsync().ConfigureAwait(false);
                }

                if (turn >= turnMax)
                {
                    if (!await EndTurnAsync(sends: hasWaited && turnMax == BodyBytesFirstTurn).ConfigureAwait(false))
                        return default;
                    // The first one is counted into the second, so that turns end where chunks do: a whole one is passed on at once.
                    (turn, turnMax) = (turnMax == BodyBytesFirstTurn ? turn : 0, BodyBytesPerTurn);
                }

                int most = (int)(turnMax - turn);
                int count = TryLend(body, head, most);
                if (count == 0 && (count = TryCopy(body, head, most)) == 0)
                {
                    // What is here goes out while the rest is being read.
                    if (output.UnflushedBytes > 0 && await SendAsync().ConfigureAwait(false))
                        return default;
                    most = (int)Math.Min(Math.Min(BodyBytesAtOnce, turnMax), body.Remaining);
                    Memory<byte> memory = output.GetMemory(head.Length + most);
                    ValueTask<Result<int>> reading = body.ReadAsync(memory.Slice(head.Length, most), closed);
                    if (!reading.IsCompleted)
                        (hasWaited, IsOnBorrowedThread, borrowed) = (true, true, 0);
                    Result<int> read = await reading.ConfigureAwait(false);
                    if (!read.IsOk || read.Value == 0)
                        return new(IsSent: false, head.IsEmpty || read.IsOk ? null : read.Error);
                    count = read.Value;
                    head.CopyTo(memory);
                    output.Advance(head.Length + count);
                }

                head = default;
                (borrowed, turn) = (borrowed + count, turn + count);
                context.Client.Counters.BytesOut += count;
                if (output.UnflushedBytes >= BodyBytesUnsent && await SendAsync().ConfigureAwait(false))
                    return default;
            }

            output.Write(head.Span); // of a body without bytes
            return new(IsSent: true, null);
        }
    }

    /// <summary>Copies what is at hand to the output, behind its head; 0 where it must be awaited.</summary>
    private int TryCopy(IByteSource body, ReadOnlyMemory<byte> head, int bytesMax)
    {
        Memory<byte> memory = output.GetMemory(head.Length + Math.Min(body.PieceBytes, bytesMax));
        int count = body.TryRead(memory.Span.Slice(head.Length, Math.Min(memory.Length - head.Length, bytesMax)));
        if (count == 0)
            return 0;
        head.CopyTo(memory);
        output.Advance(head.Length + count);
        return count;
    }

    /// <summary>Has bytes sent from where they lie; 0 where they are to be copied.</summary>
    private int TryLend(IByteSource body, ReadOnlyMemory<byte> head, int bytesMax)
    {
        if (lending == null || Math.Min(body.PieceBytes, bytesMax) < LentBytes.WorthwhileMin)
            return 0;
        LentBytes lent = body.TryLend(bytesMax);
        if (lent.Count == 0)
            return 0;
        output.Write(head.Span);
        lending.Lend(lent);
        return lent.Count;
    }

    /// <summary>Those who wait have their turn, once what this one has brought has gone out; false where the client is gone.</summary>
    private async ValueTask<bool> EndTurnAsync(bool sends)
    {
        // On its loop's thread, where nobody is in line, a body goes on until the socket takes no more.
        bool isInLine = ReaderLine.IsRunning;
        bool yields = isInLine || (Thread.CurrentThread.IsThreadPoolThread && ThreadPool.PendingWorkItemCount > 0);
        if ((yields || sends) && output.UnflushedBytes > 0 && await SendAsync().ConfigureAwait(false))
            return false;
        // Who leaves a line goes to his loop: the fewer threads send, the sooner each has its turn of the processor. Who is on the pool may have left the loop on purpose.
        if (isInLine && loop != null)
            await (back ??= new(loop));
        else if (yields)
            await Task.Yield(); // goes behind what waits, where a forced yield of a task would come first again
        return true;
    }

    /// <param name="Lost">Why there is nothing to be sent; null where something was, or nobody is there to take it.</param>
    private readonly record struct BodyEnd(bool IsSent, CacheError? Lost);
}
