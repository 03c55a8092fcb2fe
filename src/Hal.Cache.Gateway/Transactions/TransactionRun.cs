using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Transactions;

/// <summary>
/// One EXEC: runs the queue under one mask of shards, into the outer command's writer. All keys are made to be at hand first, and the whole
/// starts again where a command has to wait before anything has changed; later than that the locks are let go of for the wait.
/// </summary>
internal sealed class TransactionRun
{
    private const CommandFlags Repeatable = CommandFlags.ReadOnly | CommandFlags.Write;

    private readonly CommandContext outer;
    private readonly ClientTransaction transaction;
    private readonly CommandContext inner;
    private readonly int start;
    private int next;
    private int elementStart;
    private bool begun;
    private bool prepared;
    private bool isRepeatable;
    private bool isLoaded;
    private long startedAt; // of the command that runs, 0 where nobody asks
    private long endedAt; // of the one before: reading the clock costs as much as a small command's other half
    private bool closes;
    private ulong fenced;

    public TransactionRun(CommandContext outer, ClientTransaction transaction)
    {
        (this.outer, this.transaction) = (outer, transaction);
        start = outer.Reply.Length;
        inner = outer.Inner.TakeForTransaction();
        inner.ForgetLearned();
    }

    private enum Step
    {
        Ended,
        Faulted,
        Prepares,
        Async,
        Fenced,
    }

    public Outcome Run()
    {
        if ((transaction.Flags & CommandFlags.Long) == 0)
        {
            Step step = RunLocked();
            if (step == Step.Ended) return End();
            return outer.RunAsync(c => GoOnAsync(step));
        }

        return outer.RunAsync(async c =>
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the thread that polls sockets
            await GoOnAsync(RunLocked());
        });
    }

    private async ValueTask GoOnAsync(Step step)
    {
        try
        {
            for (int waits = 0; step != Step.Ended; waits++)
            {
                if (step == Step.Prepares)
                {
                    CacheError? error = await inner.AwaitFaultAsync();
                    if (error is { Code: CacheErrorCode.NoRoom or CacheErrorCode.Unavailable })
                    {
                        outer.Error($"EXECABORT Transaction discarded because of: {RespErrors.Of(error)}");
                        break;
                    }

                    prepared = error is not null || waits == GatewayLimits.RunsMax; // the command itself will answer the error
                }
                else if (step == Step.Fenced)
                {
                    await outer.Server.Fence.WaitAsync(transaction.Shards, CancellationToken.None);
                }
                else if (step == Step.Async)
                {
                    await inner.Pending!(inner);
                    EndCommand();
                }
                else if (inner.NeedsArguments ? !await inner.MaterialiseAsync() : !await inner.ResolveFaultAsync())
                {
                    EndCommand();
                }

                step = RunLocked();
            }
        }
        finally
        {
            Settle();
            outer.Closes = End() == Outcome.Close;
        }
    }

    private Step RunLocked()
    {
        ulong shards = transaction.Shards;
        bool stands = false;
        outer.Store.Lock(shards);
        try
        {
            if (next == 0 && !isLoaded)
            {
                if (outer.Server.Fence.Holds(shards)) return Step.Fenced;
                if (IsTouched())
                {
                    outer.Reply.NullArray();
                    return Step.Ended;
                }

                if (!prepared && !Prepare()) return Step.Prepares;
                outer.IsSifted = true;
                if (!outer.Client.Replies.IsSilent()) outer.Reply.ArrayHeader(transaction.Queue.Count);
                isRepeatable = true;
            }

            inner.StandingTime ??= outer.Server.Time.GetUtcNow();
            outer.Store.SetTime(shards, inner.Now);
            stands = true;
            if (!begun && (transaction.Flags & CommandFlags.Write) != 0)
            {
                outer.Store.Begin(ref inner.Scope);
                begun = true;
            }

            while (next < transaction.Queue.Count)
            {
                Outcome outcome = RunOne();
                if (outcome == Outcome.Async) return Waits(Step.Async);
                if (outcome == Outcome.Retry)
                {
                    Rewind();
                    return Waits(Step.Faulted);
                }

                closes |= outcome == Outcome.Close;
                EndCommand();
            }

            if (begun) outer.Store.Complete(ref inner.Scope);
            return Step.Ended;
        }
        finally
        {
            long ticket = outer.Keyspace.Authority is { IsIdle: false } authority ? outer.Waits.NoteChanges(authority) : 0;
            if (outer.Server.Events is { HasOpen: true } events) events.Release(ticket);
            if (stands && fenced == 0) outer.Store.SetTime(shards, 0);
            outer.Store.Unlock(shards);
        }
    }

    /// <summary>Where it is in the middle, others wait from here on until it is over, not only until the locks are gone.</summary>
    private Step Waits(Step step)
    {
        if (isLoaded) fenced |= outer.Server.Fence.Raise(transaction.Shards);
        return step;
    }

    /// <summary>Expired keys go, which touches them, before the watched ones are looked at; where they stay for now, that they are not found tells it.</summary>
    private bool IsTouched()
    {
        bool isGone = false;
        foreach (WatchedKey key in transaction.Watched)
            isGone |= outer.Store.Find(new BlobKey(key.Database, key.Key, key.Hash), ref inner.Scope).IsNone && key.Existed && outer.Store.KeepsExpired;
        return isGone || transaction.IsTouched;
    }

    /// <summary>Whether there is room, and every key is in memory or known to be absent; else the fault is noted.</summary>
    private bool Prepare()
    {
        if ((transaction.Flags & CommandFlags.DenyOom) != 0 && !outer.Store.HasRoom(transaction.Bytes))
        {
            inner.NeedRoom(transaction.Bytes);
            return false;
        }

        foreach (QueuedCommand command in transaction.Queue)
        {
            if (command.Spec.IsKeyless) continue;
            if (command.OnlyKey is { Length: > 0 } key)
            {
                if (!inner.IsAtHand(new BlobKey(outer.Client.Database, command.Request.AsSpan(key.Offset, key.Length), key.Hash))) return false;
                continue;
            }

            Load(command);
            bool atHand = AreAtHand(command.Spec);
            Unload();
            if (!atHand) return false;
        }

        return true;
    }

    private bool AreAtHand(CommandSpec spec)
    {
        foreach (KeySpec keys in (ReadOnlySpan<KeySpec>)[spec.Keys, .. spec.MoreKeys])
        {
            if (!keys.TryRange(inner, out int from, out int to)) continue;
            for (int arg = from; arg <= to; arg += keys.Step)
            {
                if (!inner.IsAtHand(arg)) return false;
            }
        }

        return true;
    }

    private Outcome RunOne()
    {
        QueuedCommand command = transaction.Queue[next];
        if (!isLoaded)
        {
            Load(command);
            isLoaded = true;
            elementStart = outer.Reply.Length;
            startedAt = outer.Server.SlowLog.Threshold < 0 ? 0 : endedAt != 0 ? endedAt : Stopwatch.GetTimestamp();
            if (!outer.Server.Monitors.IsEmpty) outer.Server.Monitors.TellStart(inner);
        }

        inner.BeginRun(elementStart);
        if (!outer.Client.User.IsUnrestricted && !AclGate.PermitsStill(inner)) return Outcome.Done;
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

    /// <summary>Where nothing has changed, and what ran may run again, the transaction starts anew: it is then seen as one.</summary>
    private void Rewind()
    {
        inner.BeginRun(elementStart);
        if (!isRepeatable || inner.NeedsArguments || inner.Scope.Changes > 0) return;
        (inner.Scope.Transaction, inner.Scope.Depth, begun) = (0, 0, false);
        endedAt = 0; // a wait comes between
        Unload();
        isLoaded = false;
        next = 0;
        inner.StandingTime = null;
        outer.IsSifted = false; // of the null that a touched key makes of it nothing has been sifted
        inner.DropReply(start);
    }

    private void EndCommand()
    {
        outer.Client.Counters.Count(inner, ticks: 0);
        if (outer.Client.Replies.IsSilent() && !inner.IsPush) inner.DropReply(elementStart); // in the midst of an array, as in Redis
        if (startedAt != 0)
        {
            endedAt = Stopwatch.GetTimestamp();
            if (!inner.Spec.Has(CommandFlags.SkipSlowlog)) outer.Server.SlowLog.Note(inner, (long)Stopwatch.GetElapsedTime(startedAt, endedAt).TotalMicroseconds);
        }

        if (outer.Keyspace.Authority is { IsIdle: false } authority) outer.Waits.NoteKeys(inner, authority);
        isRepeatable &= inner.Spec.Has(Repeatable);
        Unload();
        isLoaded = false;
        next++;
    }

    private void Load(QueuedCommand command)
    {
        command.LoadInto(inner);
        CommandKeys.TryAdd(inner, command.Spec);
    }

    private void Unload()
    {
        inner.End();
        inner.Parser.Reset();
    }

    /// <summary>Keys behind the fence expire by the clock again.</summary>
    private void LetTimePass()
    {
        ulong shards = transaction.Shards;
        outer.Store.Lock(shards);
        outer.Store.SetTime(shards, 0);
        outer.Store.Unlock(shards);
    }

    /// <summary>Also what an error in the midst of it left half done was seen by others: it ends as it is.</summary>
    private void Settle()
    {
        if (inner.Scope.Transaction == 0) return;
        outer.Store.Lock(transaction.Shards);
        while (inner.Scope.Transaction != 0) outer.Store.Complete(ref inner.Scope);
        outer.Store.Unlock(transaction.Shards);
    }

    private Outcome End()
    {
        outer.Scope.Address = Math.Max(outer.Scope.Address, inner.Scope.Address);
        if (fenced != 0) LetTimePass();
        outer.Server.Monitors.TellEnd(outer);
        outer.Server.KeyEvents.Unwatch(outer.Client);
        transaction.Clear();
        outer.Client.Modes &= ~ClientModes.Multi;
        outer.Inner.GiveBack(inner);
        outer.Server.Fence.Lower(fenced);
        return closes ? Outcome.Close : Outcome.Done;
    }
}
