using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway;

/// <summary>
/// Awaits what a command over several keys misses, for all of them together: the first key that faults has the others looked at as well,
/// so that a hundred cold keys take about as long as one.
/// </summary>
internal static class FaultBatch
{
    /// <summary>Awaits the noted fault with those of the command's other keys; false where the error is replied, or the authority is to run the command.</summary>
    public static ValueTask<bool> ResolveAsync(CommandContext context)
    {
        context.LetReadGoOn();
        bool isOfKey = context.Fault.Kind is not (FaultKind.None or FaultKind.Room);
        return isOfKey && Gather(context) is { } faults ? ResolveAllAsync(context, faults) : ResolveOneAsync(context);
    }

    /// <summary>The noted fault and those of other keys that the command reads; null where there are no others.</summary>
    private static List<Fault>? Gather(CommandContext context)
    {
        if (!HasOthers(context, context.Spec.Keys) && context.Spec.MoreKeys.Length == 0)
            return null;
        List<Fault>? faults = null;
        HashSet<(int Database, ulong Hash)> seen = [IdOf(context, context.Fault)];
        context.Lock();
        try
        {
            Add(context, context.Spec.Keys, seen, ref faults);
            foreach (KeySpec keys in context.Spec.MoreKeys)
                Add(context, keys, seen, ref faults);
        }
        finally
        {
            context.Unlock();
        }

        return faults;
    }

    private static bool HasOthers(CommandContext context, KeySpec keys) => keys.TryRange(context, out int from, out int to) && from < to;

    private static void Add(CommandContext context, KeySpec keys, HashSet<(int Database, ulong Hash)> seen, ref List<Fault>? faults)
    {
        const KeyFlags unread = KeyFlags.OW | KeyFlags.RM | KeyFlags.NotKey;
        if ((keys.Flags & unread) != 0 || !keys.TryRange(context, out int from, out int to))
            return;
        for (int arg = from; arg <= to && (faults?.Count ?? 1) < GatewayLimits.FaultsGatheredMax; arg += keys.Step)
        {
            BlobKey key = context.Key(arg);
            if (!seen.Add((key.Database, key.Hash)) || !context.TryFindAhead(arg, context.Fault.Need, out Fault fault))
                continue;
            if (fault.Kind != FaultKind.Room)
                (faults ??= [context.Fault]).Add(fault);
        }
    }

    private static (int Database, ulong Hash) IdOf(CommandContext context, Fault fault) =>
        (fault.Database, context.Store.Hash(fault.Key.Span));

    private static async ValueTask<bool> ResolveOneAsync(CommandContext context)
    {
        if (await context.AwaitFaultAsync().ConfigureAwait(false) is not { } error)
            return true;
        Fail(context, error);
        return false;
    }

    // What the authority runs instead has not failed, and is not to be counted among the errors.
    private static void Fail(CommandContext context, CacheError error)
    {
        if (!context.IsElsewhere || context.Server.Forwarder is null)
            context.Error(error);
    }

    private static async ValueTask<bool> ResolveAllAsync(CommandContext context, List<Fault> faults)
    {
        // A command that is traced has a span for each of its questions.
        CacheError?[] errors = Activity.Current is null && faults.TrueForAll(fault => BatchFetch.Takes(context.Keyspace, fault))
            ? await context.ResolveAllAsync(faults).ConfigureAwait(false)
            : await ResolveEachAsync(context, faults).ConfigureAwait(false);
        if (Array.Find(errors, static error => error is not null) is not { } first)
            return true;
        Fail(context, first);
        return false;
    }

    private static async ValueTask<CacheError?[]> ResolveEachAsync(CommandContext context, List<Fault> faults)
    {
        var errors = new CacheError?[faults.Count];
        int next = -1;
        var workers = new Task[Math.Min(faults.Count, GatewayLimits.FaultsAtOnceMax)];
        for (int worker = 0; worker < workers.Length; worker++)
            workers[worker] = WorkAsync();
        await Task.WhenAll(workers).ConfigureAwait(false);
        return errors;

        async Task WorkAsync()
        {
            for (int index = Interlocked.Increment(ref next); index < faults.Count; index = Interlocked.Increment(ref next))
                errors[index] = await context.ResolveAsync(faults[index]).ConfigureAwait(false);
        }
    }
}
