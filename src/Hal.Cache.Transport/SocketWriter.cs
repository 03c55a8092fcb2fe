using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Transport;

/// <summary>What goes to a socket: a flush sends at once, on the caller's thread, and waits only where the socket takes no more.</summary>
internal sealed class SocketWriter(SocketConnection connection, BlockPool pool) : PipeWriter, ILendingOutput, IValueTaskSource<FlushResult>
{
    private const int FreeBytesMin = 512;
    private const int VectorsMax = 16;

    private readonly Lock gate = new();
    private ManualResetValueTaskSourceCore<FlushResult> waiter;
    private Readiness readiness;
    private Block? head;
    private Block? tail;
    private Block? spare; // blocks without bytes of their own, for lent ones
    private int headSent;
    private long unflushed;
    private volatile bool isBroken;
    private volatile bool isCancelled;
    private CancellationToken watched;
    private CancellationTokenRegistration watch;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => unflushed;

    /// <summary>Whether a flush waits for the peer to take what was sent.</summary>
    public bool IsAwaited => readiness.IsAwaited;

    public override Memory<byte> GetMemory(int sizeHint = 0) => Room(sizeHint).Free;

    public override Span<byte> GetSpan(int sizeHint = 0) => Room(sizeHint).Free.Span;

    public override void Advance(int bytes)
    {
        if (bytes == 0)
            return;
        tail!.Fill(bytes);
        unflushed += bytes;
    }

    public void Lend(in LentBytes bytes)
    {
        if (isBroken)
        {
            bytes.Return();
            return;
        }

        Block block = spare ?? new Block(null, 0);
        spare = block.TakeNext();
        block.Borrow(bytes);
        Add(block);
        unflushed += bytes.Count;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TrySend())
        {
            if (isBroken)
                Clear();
            return new(Result());
        }

        KeepLent();
        Watch(cancellationToken);
        waiter.Reset();
        short version = waiter.Version;
        while (!readiness.TryWait())
        {
            if (TrySend())
                return new(Result());
        }

        if (isCancelled || isBroken || cancellationToken.IsCancellationRequested)
            Interrupt();
        return new(this, version);
    }

    /// <summary>Ends a wait, now or the next one, with a result that says so.</summary>
    public override void CancelPendingFlush()
    {
        isCancelled = true;
        Interrupt();
    }

    public override void Complete(Exception? exception = null)
    {
        watch.Dispose();
        isBroken = true;
        Clear();
    }

    /// <summary>On the loop's thread: the socket takes bytes again.</summary>
    public void Ready()
    {
        if (readiness.Signal())
            Resume();
    }

    /// <summary>Ends a wait for good: the connection is closed.</summary>
    public void Abort()
    {
        isBroken = true;
        Interrupt();
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => waiter.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        waiter.OnCompleted(continuation, state, token, flags);

    /// <summary>False where the socket takes no more now.</summary>
    private bool TrySend()
    {
        while (head != null && !isBroken)
        {
            int sent = Send(out int error);
            if (sent >= 0)
                Sent(sent);
            else if (error == Epoll.Again)
                return false;
            else if (error != Epoll.Interrupted)
                Break(error);
        }

        return true;
    }

    private unsafe int Send(out int error)
    {
        if (head!.NextBlock == null)
            return connection.Send(head.Data[headSent..], out error);
        Span<Epoll.IoVector> vectors = stackalloc Epoll.IoVector[VectorsMax];
        int count = 0;
        for (Block? block = head; block != null && count < VectorsMax; block = block.NextBlock)
        {
            int start = block == head ? headSent : 0;
            vectors[count++] = new() { Start = block.At(start), Length = (nuint)(block.Filled - start) }; // blocks are pinned
        }

        return connection.Send(vectors[..count], out error);
    }

    private void Sent(int count)
    {
        unflushed -= count;
        while (head is { } block)
        {
            int left = block.Filled - headSent;
            if (count < left)
            {
                headSent += count;
                return;
            }

            count -= left;
            headSent = 0;
            head = block.NextBlock;
            if (head == null)
                tail = null;
            bool isLent = block.Lent.Count > 0;
            block.Return();
            if (isLent)
                Keep(block);
        }
    }

    private void Break(int error)
    {
        connection.SendFailed(error); // first: whoever finds the writer broken asks why
        isBroken = true;
    }

    private FlushResult Result()
    {
        bool cancelled = isCancelled;
        if (cancelled)
            isCancelled = false;
        return new(cancelled, isBroken);
    }

    private Block Room(int bytesMin)
    {
        if (tail is { } last && last.Free.Length >= Math.Max(bytesMin, FreeBytesMin))
            return last;
        Block block = pool.Rent(bytesMin);
        Add(block);
        return block;
    }

    private void Add(Block block)
    {
        if (tail == null)
            (head, headSent) = (block, 0);
        else
            tail.Append(block);
        tail = block;
    }

    private void Clear()
    {
        while (head != null)
        {
            Block used = head;
            head = used.NextBlock;
            used.Return();
        }

        (tail, headSent, unflushed) = (null, 0, 0);
    }

    // The peer may take its time; whoever lent bytes must not wait for it. They go behind what is in front of them, mostly a few bytes, where a block has room for both.
    private void KeepLent()
    {
        Block? last = null;
        for (Block? block = head, next; block != null; block = next)
        {
            next = block.NextBlock;
            if (block.Lent.Count == 0)
            {
                last = block;
                continue;
            }

            ReadOnlySpan<byte> left = block.Data[(block == head ? headSent : 0)..];
            if (last == null || last.Free.Length < left.Length)
            {
                Block kept = pool.Rent(left.Length);
                if (last == null)
                    (head, headSent) = (kept, 0);
                else
                    last.Append(kept);
                last = kept;
            }

            left.CopyTo(last.Free.Span);
            last.Fill(left.Length);
            if (next == null)
                last.TakeNext();
            else
                last.Append(next);
            block.Return();
            Keep(block);
        }

        tail = last;
    }

    private void Keep(Block bare)
    {
        if (spare != null)
            bare.Append(spare);
        spare = bare;
    }

    private void Resume()
    {
        do
        {
            if (!TrySend())
                continue;
            waiter.SetResult(Result());
            return;
        }
        while (!readiness.TryWait());

        if (isCancelled || isBroken || watched.IsCancellationRequested)
            Interrupt();
    }

    /// <summary>Has a wait end for a reason that was noted before; it goes on where a flush has told that reason meanwhile.</summary>
    internal void Interrupt()
    {
        if (readiness.TryEnd())
            ThreadPool.UnsafeQueueUserWorkItem(static writer => writer.FinishInterrupted(), this, preferLocal: false);
    }

    private void FinishInterrupted()
    {
        if (watched.IsCancellationRequested && !isCancelled && !isBroken)
            waiter.SetException(new OperationCanceledException(watched));
        else if (isCancelled)
            waiter.SetResult(Result());
        else
            Resume(); // broken, or the reason was told by a flush that came between its note and this end
    }

    private void Watch(CancellationToken token)
    {
        if (token == watched)
            return;
        lock (gate)
        {
            watch.Dispose();
            watched = token;
            watch = token.UnsafeRegister(static writer => ((SocketWriter)writer!).Interrupt(), this);
        }
    }
}
