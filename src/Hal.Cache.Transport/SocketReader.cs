using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Hal.Cache.Contracts.Connections;
using Microsoft.AspNetCore.Connections;

namespace Hal.Cache.Transport;

/// <summary>
/// What a socket brings, as a pipe without a pipe: bytes are received when somebody waits for them, into a block that an idle connection
/// does not hold. The loop's thread receives once and runs the waiting reader; a reader never receives again on that thread before the
/// other connections had their turn.
/// </summary>
internal sealed class SocketReader(SocketConnection connection, BlockPool pool) : PipeReader, IDirectInput, IInputAhead, IValueTaskSource<ReadResult>, IValueTaskSource
{
    // With less room than this a receive is not worth its call.
    private const int FreeBytesMin = 2 << 10;

    private readonly Lock gate = new();
    private ManualResetValueTaskSourceCore<ReadResult> waiter;
    private Readiness readiness;
    private Block? head;
    private Block? tail;
    private int headStart;
    private bool isExamined = true;
    private bool isEnded;
    private bool isCancelled;
    private bool isDirect; // the wait is for a receive of the caller's
    private bool mayHaveMore; // the last receive filled its buffer
    private volatile bool isPeerDone; // the peer's end came, perhaps with the edge of bytes before it: no further edge follows
    private int received; // by the last receive
    private Exception? failure;
    private CancellationToken watched;
    private CancellationTokenRegistration watch;

    /// <summary>Whether somebody waits for bytes.</summary>
    public bool IsAwaited => readiness.IsAwaited;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryRead(out ReadResult result))
            return new(result);
        Watch(cancellationToken);
        bool isLoop = connection.Loop.IsCurrentThread;
        if (!isLoop && mayHaveMore && Receive() && TryRead(out result))
            return new(result);
        ReleaseIfEmpty();
        waiter.Reset();
        short version = waiter.Version;
        while (!readiness.TryWait())
        {
            if (isLoop)
            {
                mayHaveMore = true;
                continue;
            }

            if (Receive() && TryRead(out result))
                return new(result);
        }

        if (mayHaveMore && isLoop)
            connection.Loop.Requeue(connection);
        if (Volatile.Read(ref isCancelled) || cancellationToken.IsCancellationRequested)
            Interrupt();
        return new(this, version);
    }

    public int TryReceive(Span<byte> destination)
    {
        if (failure != null)
            throw failure;
        if (isEnded)
            return 0;
        int count = connection.Receive(destination, out int error);
        mayHaveMore = count > 0 && (isPeerDone || count == destination.Length);
        if (count >= 0)
            isEnded = count == 0;
        else if (error is not (Epoll.Again or Epoll.Interrupted))
            throw failure = new ConnectionResetException(Marshal.GetPInvokeErrorMessage(error));
        return count;
    }

    public ValueTask WaitAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        bool isLoop = connection.Loop.IsCurrentThread;
        if (mayHaveMore && !isLoop)
            return default;
        Watch(cancellation);
        isDirect = true;
        waiter.Reset();
        short version = waiter.Version;
        while (!readiness.TryWait())
        {
            mayHaveMore = true;
            if (isLoop)
                continue;
            isDirect = false;
            return default;
        }

        if (mayHaveMore && isLoop)
            connection.Loop.Requeue(connection);
        if (failure != null || cancellation.IsCancellationRequested)
            Interrupt();
        return new(this, version);
    }

    public bool HasAhead => !isExamined;

    public int TryReceiveAhead(int bytesMax)
    {
        int ahead = 0;
        while (ahead < bytesMax && failure == null && !isEnded && Receive(isAhead: true))
            ahead += received;
        return ahead;
    }

    public override bool TryRead(out ReadResult result)
    {
        bool cancelled = isCancelled;
        if (cancelled)
            isCancelled = false;
        if (failure != null && isExamined)
            throw failure;
        result = new(Buffer(), cancelled, isEnded);
        return cancelled || isEnded || !isExamined;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (head == null || consumed.GetObject() is not Block to)
            return;
        while (head != to)
        {
            Block used = head!;
            head = used.NextBlock;
            used.Return();
        }

        headStart = consumed.GetInteger();
        isExamined = ReferenceEquals(examined.GetObject(), tail) && examined.GetInteger() == tail!.Filled;
        if (headStart < head.Filled)
            return;
        if (head == tail)
        {
            Release();
            return;
        }

        // What was received ahead begins in the next block: no read begins with an empty piece.
        Block done = head;
        (head, headStart) = (done.NextBlock, 0);
        done.Return();
    }

    /// <summary>Ends a wait, now or the next one, with a result that says so.</summary>
    public override void CancelPendingRead()
    {
        Volatile.Write(ref isCancelled, true);
        Interrupt();
    }

    public override void Complete(Exception? exception = null)
    {
        watch.Dispose();
        while (head != null)
        {
            Block used = head;
            head = used.NextBlock;
            used.Return();
        }

        tail = null;
        isEnded = true;
        isExamined = true;
    }

    /// <summary>On the loop's thread: bytes have come, or the end has.</summary>
    public void Ready(bool isLast)
    {
        if (isLast)
            isPeerDone = true;
        if (readiness.Signal())
            Resume();
    }

    /// <summary>On the loop's thread: the socket had more than was received, and the others had their turn.</summary>
    public void Again()
    {
        if (readiness.TryEnd())
            Resume();
    }

    /// <summary>Ends a wait for good: the connection is closed.</summary>
    public void Abort(Exception reason)
    {
        failure ??= reason;
        Interrupt();
    }

    void IValueTaskSource.GetResult(short token) => waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => waiter.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        waiter.OnCompleted(continuation, state, token, flags);

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => waiter.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        waiter.OnCompleted(continuation, state, token, flags);

    private void Resume()
    {
        if (isDirect)
        {
            isDirect = false;
            mayHaveMore = true;
            waiter.SetResult(default);
            return;
        }

        if (Receive())
        {
            TryFinish();
            return;
        }

        // Nothing there after all: back to waiting, unless an edge came in between.
        while (!readiness.TryWait())
        {
            if (Receive())
            {
                TryFinish();
                return;
            }
        }

        if (Volatile.Read(ref isCancelled) || failure != null || watched.IsCancellationRequested)
            Interrupt();
    }

    /// <summary>False where there is nothing to tell the one who waits.</summary>
    private bool TryFinish()
    {
        try
        {
            if (failure != null && isExamined)
                waiter.SetException(failure);
            else if (TryRead(out ReadResult result))
                waiter.SetResult(result);
            else
                return false;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            waiter.SetException(e);
        }

        return true;
    }

    /// <summary>Has a wait end for a reason that was noted before; it goes on where a read has told that reason meanwhile.</summary>
    internal void Interrupt()
    {
        // Not on the caller's thread, which may hold locks or be another connection's loop.
        if (readiness.TryEnd())
            ThreadPool.UnsafeQueueUserWorkItem(static reader => reader.FinishInterrupted(), this, preferLocal: false);
    }

    private void FinishInterrupted()
    {
        bool wasDirect = isDirect;
        isDirect = false;
        if (watched.IsCancellationRequested && !isCancelled)
            waiter.SetException(new OperationCanceledException(watched));
        else if (wasDirect)
            waiter.SetResult(default); // who cancelled a read is heard by the next one, a failure by the next receive
        else if (!TryFinish())
            Resume(); // the reason was told by a read that came between its note and this end
    }

    /// <summary>True where there is something to tell: bytes, the end, or a failure.</summary>
    private bool Receive(bool isAhead = false)
    {
        Block block = Room(isAhead);
        int count = connection.Receive(block.Free.Span, out int error);
        received = Math.Max(count, 0);
        if (count > 0)
        {
            mayHaveMore = isPeerDone || count == block.Free.Length;
            block.Fill(count);
            isExamined = false;
            return true;
        }

        mayHaveMore = false;
        ReleaseIfEmpty();
        if (count == 0)
        {
            isEnded = true;
            return true;
        }

        if (error is Epoll.Again or Epoll.Interrupted)
        {
            mayHaveMore = error == Epoll.Interrupted;
            return failure != null;
        }

        failure ??= new ConnectionResetException(Marshal.GetPInvokeErrorMessage(error));
        return true;
    }

    // What is received ahead may be much: it leaves the pool's blocks to those who read.
    private Block Room(bool isAhead)
    {
        if (tail is { } last && last.Free.Length >= FreeBytesMin)
            return last;
        Block block = isAhead ? new(null, BlockPool.BlockBytes) : pool.Rent();
        if (tail == null)
            (head, headStart) = (block, 0);
        else
            tail.Append(block);
        tail = block;
        return block;
    }

    private ReadOnlySequence<byte> Buffer() => head == null ? default : new(head, headStart, tail!, tail!.Filled);

    private void ReleaseIfEmpty()
    {
        if (head != null && head == tail && headStart == head.Filled)
            Release();
    }

    private void Release()
    {
        head!.Return();
        (head, tail, headStart, isExamined) = (null, null, 0, true);
    }

    private void Watch(CancellationToken token)
    {
        if (token == watched)
            return;
        lock (gate)
        {
            watch.Dispose();
            watched = token;
            watch = token.UnsafeRegister(static reader => ((SocketReader)reader!).Interrupt(), this);
        }
    }
}
