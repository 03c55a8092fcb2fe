using Hal.Cache.Contracts;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node;

/// <summary>What one command misses of several keys, many of them asked for in one question to each authority.</summary>
public static class BatchFetch
{
    /// <summary>More keys than this go on on the thread pool when they have come: those who read from the authority have more to do.</summary>
    private const int GoesOnAtOnceMax = 64;

    /// <summary>Keys in one question: the answer to it, up to 16 KiB for each, lies in the authority's queue for this instance all at once.</summary>
    private const int KeysAtOnceMax = 128;

    /// <summary>Whether the instance has an authority to ask about this.</summary>
    public static bool Takes(Keyspace keyspace, in Fault fault)
    {
        ArgumentNullException.ThrowIfNull(keyspace);
        return keyspace.KeepsCopies && fault.Kind == FaultKind.Fetch;
    }

    /// <summary>
    /// Awaits all, which <see cref="Takes"/> was true for; the errors in the order of the faults, null for what the command finds now, or finds to be absent.
    /// </summary>
    public static async ValueTask<CacheError?[]> ResolveAsync(Keyspace keyspace, IReadOnlyList<Fault> faults, CommandMemory memory, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(keyspace);
        ArgumentNullException.ThrowIfNull(faults);
        ArgumentNullException.ThrowIfNull(memory);
        var errors = new CacheError?[faults.Count];
        for (int from = 0; from < errors.Length; from += KeysAtOnceMax)
            await ResolveAsync(keyspace, faults, from, errors, memory, cancellation).ConfigureAwait(false);
        return errors;
    }

    private static async ValueTask ResolveAsync(
        Keyspace keyspace, IReadOnlyList<Fault> faults, int from, CacheError?[] errors, CommandMemory memory, CancellationToken cancellation)
    {
        var requests = new FetchRequest[Math.Min(KeysAtOnceMax, errors.Length - from)];
        for (int i = 0; i < requests.Length; i++)
        {
            Fault fault = faults[from + i];
            requests[i] = new(fault.Kind, fault.Need, fault.Database, fault.Key.ToArray(), keyspace.Store.Hash(fault.Key.Span));
        }

        bool goesOnAtOnce = memory.GoesOnAtOnce && errors.Length <= GoesOnAtOnceMax;
        FetchOutcome[] outcomes = await keyspace.Hosts!.FetchAsync(requests, goesOnAtOnce, memory.Loop, cancellation).ConfigureAwait(false);
        for (int i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i].Version != 0)
                memory.Learn(requests[i].Database, requests[i].Hash, outcomes[i].Version);
            if (outcomes[i].IsAbsent)
                memory.LearnAbsent(requests[i].Database, requests[i].Hash);
            else
                errors[from + i] = outcomes[i].Error;
        }
    }
}
