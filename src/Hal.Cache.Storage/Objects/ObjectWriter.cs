using System.Collections.Concurrent;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>
/// Writes objects to the log without their shard's lock where they are big; and, on a thread of its own, those that a reply waits for or
/// whose base is to be renewed. While a big one is written it takes no changes, and others go on.
/// </summary>
internal sealed class ObjectWriter(StoreCore core) : IDisposable
{
    /// <summary>Tickets stand for addresses that records do not have yet: above all that a log ever has.</summary>
    public const long FirstTicket = 1L << 62;

    private readonly ConcurrentQueue<ObjectSlot> queue = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<CacheError?>> tickets = new();
    private readonly AutoResetEvent work = new(false);
    private readonly Lock one = new(); // who takes from the queue keeps it until that is written
    private Thread? thread;
    private volatile bool stopping;
    private long lastTicket = FirstTicket;

    public void Start()
    {
        core.Log!.HealthChanged += _ => work.Set();
        thread = new Thread(Run) { Name = "hal-objects", IsBackground = true };
        thread.Start();
    }

    public void Stop()
    {
        stopping = true;
        work.Set();
        thread?.Join();
        foreach (TaskCompletionSource<CacheError?> waiter in tickets.Values)
            waiter.TrySetResult(new CacheError(CacheErrorCode.Unavailable, "The store is closed."));
    }

    public void Dispose() => work.Dispose();

    /// <summary>Has the object's newest state written soon, and tells what a reply waits for until then. Needs the lock.</summary>
    public long Enqueue(ObjectSlot slot)
    {
        if (slot.Ticket == 0)
        {
            slot.Ticket = Interlocked.Increment(ref lastTicket);
            tickets[slot.Ticket] = NewWaiter();
        }

        Request(slot);
        return slot.Ticket;
    }

    /// <summary>Has a new base written when there is time. Needs the lock.</summary>
    public void Request(ObjectSlot slot)
    {
        if (slot.IsQueued)
            return;
        slot.IsQueued = true;
        queue.Enqueue(slot);
        work.Set();
    }

    /// <summary>Completes with null when what the ticket stands for survives a crash, or with why it does not now.</summary>
    public ValueTask<CacheError?> WaitAsync(long ticket, CancellationToken cancellation) =>
        tickets.TryGetValue(ticket, out TaskCompletionSource<CacheError?>? waiter)
            ? new(waiter.Task.WaitAsync(cancellation))
            : core.Log!.CommitAsync(cancellation);

    /// <summary>Writes all that was asked for until now; an error where the log refuses it. Waits for the log.</summary>
    public CacheError? Flush()
    {
        lock (one)
        {
            for (int left = queue.Count; left > 0 && queue.TryDequeue(out ObjectSlot? slot); left--)
            {
                if (!WriteQueued(slot))
                    return core.Log!.Health is { State: not LogState.Ok } health ? new(CacheErrorCode.Unavailable, health.Text) : null;
            }
        }

        return null;
    }

    /// <summary>
    /// Writes an object's base if the log does not have its newest state in one piece, and lets its structure leave memory afterwards where
    /// <paramref name="shelve"/> says so; false where the log refuses. Waits for the log: without locks only.
    /// </summary>
    public bool Write(ObjectSlot slot, bool shelve, bool isReclaiming)
    {
        if (Begin(slot, shelve) is not { } value)
            return true;
        LargeValue? chunks = null;
        bool done = false;
        bool inChunks = !ObjectRecords.IsSmall(value);
        while (!done)
        {
            if (inChunks && chunks == null)
            {
                using var stream = new ChunkStream(core, isReclaiming);
                value.Write(stream);
                chunks = stream.Complete();
                if (chunks == null)
                    break;
            }

            done = TryComplete(slot, value, chunks, shelve, ref inChunks);
            if (!done && (!inChunks || chunks != null) && core.Log!.WaitForRoomAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult() != null)
                break;
        }

        chunks?.Release(); // the slot holds it now, if all went well
        if (!done)
            GiveUp(slot);
        return done;
    }

    private static TaskCompletionSource<CacheError?> NewWaiter() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Run()
    {
        while (!stopping)
        {
            work.WaitOne();
            while (!stopping && !queue.IsEmpty && Flush() == null)
            {
                // More may have come meanwhile.
            }
        }
    }

    private bool WriteQueued(ObjectSlot slot)
    {
        Shard shard = Enter(slot);
        slot.IsQueued = false;
        shard.Gate.Exit();
        if (Write(slot, shelve: false, isReclaiming: false))
            return true;
        shard = Enter(slot);
        if (!slot.IsDetached)
            Request(slot);
        shard.Gate.Exit();
        return false;
    }

    /// <summary>The structure to be written, which takes no changes from here on; null where there is nothing to do.</summary>
    private unsafe IObjectValue? Begin(ObjectSlot slot, bool shelve)
    {
        Shard shard = Enter(slot);
        try
        {
            if (slot.IsDetached && !slot.IsBusy)
                Complete(TakeTicket(slot)); // nothing is left to be written
            if (slot.IsDetached || slot.IsBusy || slot.Value == null)
                return null;
            EntryHeader* entry = core.Objects.EntryOf(slot);
            if (ObjectTable.IsWritten(entry, slot))
            {
                if (shelve && slot.Holds == 0)
                    core.Objects.Shelve(entry, slot);
                return null;
            }

            slot.IsBusy = true;
            return slot.Value;
        }
        finally
        {
            shard.Gate.Exit();
        }
    }

    private unsafe bool TryComplete(ObjectSlot slot, IObjectValue value, LargeValue? chunks, bool shelve, ref bool inChunks)
    {
        long ticket;
        Shard shard = Enter(slot);
        try
        {
            if (!slot.IsDetached && !TryAppend(slot, value, chunks, ref inChunks))
                return false;
            ticket = TakeTicket(slot);
            slot.IsBusy = false;
            if (slot.IsDetached)
                core.Objects.Bury(slot);
            else if (shelve && slot.Holds == 0)
                core.Objects.Shelve(core.Objects.EntryOf(slot), slot);
        }
        finally
        {
            shard.Gate.Exit();
        }

        core.Room.Lift();
        Complete(ticket);
        return true;
    }

    private unsafe bool TryAppend(ObjectSlot slot, IObjectValue value, LargeValue? chunks, ref bool inChunks)
    {
        EntryHeader* entry = core.Objects.EntryOf(slot);
        int blobBytes = 0;
        long address;
        if (chunks != null)
        {
            if (!core.ObjectRecords.TryAppendManifest(entry, chunks, out address))
                return false;
        }
        else
        {
            BaseStatus status = core.ObjectRecords.TryAppendBase(entry, value, 0, out address, out blobBytes);
            inChunks = status == BaseStatus.TooLong;
            if (status != BaseStatus.Done)
                return false;
        }

        core.Objects.SetBase(entry, slot, address, blobBytes, chunks);
        return true;
    }

    private void GiveUp(ObjectSlot slot)
    {
        Shard shard = Enter(slot);
        slot.IsBusy = false;
        long ticket = slot.Ticket;
        if (slot.IsDetached)
        {
            core.Objects.Bury(slot);
            Complete(TakeTicket(slot));
        }

        shard.Gate.Exit();
        core.Room.Lift();

        // Who waits gets the error; who asks later waits for the next try.
        if (ticket != 0 && tickets.TryGetValue(ticket, out TaskCompletionSource<CacheError?>? waiter) && tickets.TryUpdate(ticket, NewWaiter(), waiter))
            waiter.TrySetResult(new CacheError(CacheErrorCode.Unavailable, core.Log!.Health.Text));
    }

    private static long TakeTicket(ObjectSlot slot)
    {
        long ticket = slot.Ticket;
        slot.Ticket = 0;
        return ticket;
    }

    private void Complete(long ticket)
    {
        if (ticket == 0)
            return;
        _ = CommitAsync(ticket);
    }

    private async Task CommitAsync(long ticket)
    {
        CacheError? error = await core.Log!.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        if (tickets.TryRemove(ticket, out TaskCompletionSource<CacheError?>? waiter))
            waiter.TrySetResult(error);
    }

    /// <summary>Locks the shard that has the slot now.</summary>
    public Shard Enter(ObjectSlot slot)
    {
        while (true)
        {
            Shard shard = core.ShardOf(Volatile.Read(ref slot.KeyHash));
            shard.Gate.Enter();
            if (ReferenceEquals(core.ShardOf(slot.KeyHash), shard))
                return shard;
            shard.Gate.Exit();
        }
    }
}
