using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway;

/// <summary>What a command has to wait for: noted under its locks, awaited without them.</summary>
internal static class CommandFaults
{
    /// <summary>
    /// Allows the next wait for another instance to end on the thread that reads from it, where what follows is a plain read: no long work, no
    /// transaction, no script, which may block.
    /// </summary>
    public static void LetReadGoOn(this CommandContext c) =>
        c.Learned.GoesOnAtOnce = c.Spec.Has(CommandFlags.ReadOnly) && !c.IsOnPool && !c.IsInTransaction && !c.IsInScript;

    /// <summary>Awaits the noted fault, without locks; false where it can't be helped, and the error is replied.</summary>
    public static async ValueTask<bool> ResolveFaultAsync(this CommandContext c)
    {
        if (await c.AwaitFaultAsync() is not { } error) return true;
        c.Error(error);
        return false;
    }

    /// <summary>Awaits the noted fault, without locks; the error where it can't be helped.</summary>
    public static ValueTask<CacheError?> AwaitFaultAsync(this CommandContext c)
    {
        Fault fault = c.Fault;
        c.Fault = default;
        return c.ResolveAsync(fault);
    }

    /// <summary>Awaits a fault, without locks; null where the command can go on.</summary>
    public static async ValueTask<CacheError?> ResolveAsync(this CommandContext c, Fault fault)
    {
        CacheError? error = await c.Keyspace.ResolveAsync(fault, c.Learned, c.Cancellation);
        c.Learned.GoesOnAtOnce = false;
        c.IsElsewhere |= error?.Code == CacheErrorCode.Elsewhere;

        // The next run finds it known to be absent.
        return error?.Code == CacheErrorCode.NotFound && fault.Kind is FaultKind.Fetch or FaultKind.Validate ? null : error;
    }

    /// <summary>The same for what several keys miss, in one question; the errors in their order.</summary>
    public static async ValueTask<CacheError?[]> ResolveAllAsync(this CommandContext c, List<Fault> faults)
    {
        CacheError?[] errors = await BatchFetch.ResolveAsync(c.Keyspace, faults, c.Learned, c.Cancellation).ConfigureAwait(false);
        c.Learned.GoesOnAtOnce = false;
        c.IsElsewhere |= Array.Exists(errors, static error => error?.Code == CacheErrorCode.Elsewhere);
        return errors;
    }

    /// <summary>Whether a key argument will have to be waited for, and for what. Needs the lock.</summary>
    public static bool TryFindAhead(this CommandContext c, int arg, Need need, out Fault fault) => c.Keyspace.TryFindAhead(c.Key(arg), need, c.Learned, out fault);

    /// <summary>Waits for what a command within this one has to wait for.</summary>
    public static void TakeFault(this CommandContext c, CommandContext inner) => c.Fault = inner.Fault;

    public static void NeedRoom(this CommandContext c, long bytes) => c.Fault = Fault.Room(bytes);

    /// <summary>Whether the key can be read and changed now; false where a fault was noted. Leaves counters and the key's use alone.</summary>
    public static bool IsAtHand(this CommandContext c, int arg) => c.IsAtHand(c.Key(arg));

    /// <summary>The same for any key.</summary>
    public static bool IsAtHand(this CommandContext c, in BlobKey key)
    {
        if (c.Keyspace.TryFind(key, Need.Value, ref c.Scope, c.Learned, out _, out Fault fault)) return true;
        c.Fault = fault;
        return false;
    }

    /// <summary>Forgets what the waits of a transaction have learned.</summary>
    public static void ForgetLearned(this CommandContext c) => c.Learned.Begin();
}
