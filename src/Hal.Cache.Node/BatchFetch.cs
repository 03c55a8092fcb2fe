using Hal.Cache.Contracts;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node;

/// <summary>What one command misses of several keys, asked for in one question to each authority.</summary>
public static class BatchFetch
{
    /// <summary>More keys than this go on on the thread pool when they have come: those who read from the authority have more to do.</summary>
    private const int GoesOnAtOnceMax = 64;

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
        var requests = new FetchRequest[faults.Count];
        for (int i = 0; i < requests.Length; i++)
        {
            Fault fault = faults[i];
            requests[i] = new(fault.Kind, fault.Need, fault.Database, fault.Key.ToArray(), keyspace.Store.Hash(fault.Key.Span));
        }

        bool goesOnAtOnce = memory.GoesOnAtOnce && requests.Length <= GoesOnAtOnceMax;
        FetchOutcome[] outcomes = await keyspace.Hosts!.FetchAsync(requests, goesOnAtOnce, memory.Loop, cancellation).ConfigureAwait(false);
        var errors = new CacheError?[outcomes.Length];
        for (int i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i].Version != 0)
                memory.Learn(requests[i].Database, requests[i].Hash, outcomes[i].Version);
            if (outcomes[i].IsAbsent)
                memory.LearnAbsent(requests[i].Database, requests[i].Hash);
            else
                errors[i] = outcomes[i].Error;
        }

        return errors;
    }
}
