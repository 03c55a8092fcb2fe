using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Blocking;

/// <summary>
/// A client whose command waits for keys. While it waits, whoever makes one of its keys ready runs its command in its own context, under the locks of all
/// its keys; its connection only sends the reply.
/// </summary>
internal sealed class BlockedClient(BlockedClients registry, CommandContext context, BlockedKey[] keys, BlobType type, TimeSpan timeout)
{
    private readonly Queue<BlockedKey> ownReady = new();
    private TaskCompletionSource<WakeReason> woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new(); // inside of the shards' locks
    private int replyStart;
    private bool isWaiting; // its connection has sent what came before, and leaves the context alone
    private bool isMissed;
    private bool isDone;

    public BlockedKey[] Keys => keys;

    /// <summary>Type that the keys must have.</summary>
    public BlobType Type => type;

    /// <summary>Whether it is served also where a key is gone or has another type: what it waits for was in it.</summary>
    public bool IsForGone { get; init; }

    /// <summary>What the handler found out before it waited.</summary>
    public object? State { get; init; }

    public long ClientId { get; } = context.Client.Id;

    /// <summary>Mask of the shards of all of the command's keys.</summary>
    public ulong Shards { get; } = context.Shards;

    /// <summary>Waits until the command has run, or must not any more; writes the reply in the latter case.</summary>
    public async ValueTask WaitAsync(CommandContext own)
    {
        using ITimer? timer = timeout == Timeout.InfiniteTimeSpan
            ? null
            : context.Server.Time.CreateTimer(static state => ((BlockedClient)state!).TryWake(WakeReason.TimedOut), this, timeout, Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration end = context.Cancellation.Register(static state => ((BlockedClient)state!).TryWake(WakeReason.Gone), this);
        using CancellationTokenRegistration left = context.Client.PeerClosed.Register(static state => ((BlockedClient)state!).TryWake(WakeReason.Gone), this);
        context.Client.IsBlocked = true;
        Begin();
        registry.NoteWaiting();
        WakeReason reason = await woken.Task.ConfigureAwait(false);
        while (reason == WakeReason.Faulted)
        {
            context.DropReply(replyStart);
            bool resolved = await context.ResolveFaultAsync().ConfigureAwait(false);
            reason = resolved ? await RunAgainAsync().ConfigureAwait(false) : WakeReason.Served;
        }

        registry.Remove(this);
        context.Client.IsBlocked = false;
        switch (reason)
        {
            case WakeReason.Gone:
                throw new OperationCanceledException(context.Cancellation);
            case WakeReason.TimedOut:
                context.Reply.NullArray();
                break;
            case WakeReason.Unblocked:
                context.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK"u8);
                break;
        }

        if (ownReady.Count > 0) registry.Serve(context.Store, ownReady);
    }

    /// <summary>
    /// Runs the command under the locks of its keys, which the caller holds; true where the client no longer waits for them. Keys that it made ready itself are
    /// added.
    /// </summary>
    public bool TryServe(Queue<BlockedKey> ready)
    {
        lock (gate)
        {
            if (isDone) return true;
            if (isWaiting) return Run(ready);
            isMissed = true;
            return false;
        }
    }

    /// <summary>Ends the wait; false where it has ended.</summary>
    public bool TryWake(WakeReason reason)
    {
        lock (gate)
        {
            if (isDone) return false;
            isDone = true;
        }

        woken.SetResult(reason);
        return true;
    }

    private void Begin()
    {
        context.Lock();
        try
        {
            lock (gate)
            {
                isWaiting = true;
                replyStart = context.Reply.Length;
                if (isMissed && !isDone) Run(ownReady);
                if (!isDone) LetMessagesGo();
            }
        }
        finally
        {
            context.Unlock();
        }
    }

    /// <summary>What changes once the command has read it must not be told ahead of its reply.</summary>
    private bool Tracks => context.Client.Tracking.IsOn && context.Spec.Has(CommandFlags.ReadOnly);

    private void LetMessagesGo()
    {
        if (!Tracks) return;
        context.Client.Outbox.Release();
        if (context.Client.HasMessages) context.Client.Wake();
    }

    private bool Run(Queue<BlockedKey> ready)
    {
        context.BeginRun(replyStart);
        context.Serving = this;
        if (Tracks) context.Client.Outbox.Hold();
        Outcome outcome = CommandDispatcher.Handle(context);
        context.Serving = null;
        if (outcome == Outcome.Async)
        {
            LetMessagesGo();
            return false; // still nothing there
        }

        isDone = true;
        if (outcome != Outcome.Retry) context.NoteChanges();

        // From here on the context is its connection's again.
        BlockedClients.TakeReady(context, ready);
        woken.SetResult(outcome == Outcome.Retry ? WakeReason.Faulted : WakeReason.Served);
        return true;
    }

    // Where what it was woken for went meanwhile, it waits on, behind those who came in the meantime.
    private Task<WakeReason> RunAgainAsync()
    {
        context.Lock();
        try
        {
            lock (gate)
            {
                woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
                isDone = false;
                if (!Run(ownReady)) registry.Rejoin(this);
                return woken.Task;
            }
        }
        finally
        {
            context.Unlock();
        }
    }
}
