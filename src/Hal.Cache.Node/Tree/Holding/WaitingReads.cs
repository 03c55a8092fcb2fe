using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// Reads that wait for the authority's answer, by number, and how they end. Used under the lock of the copies' host, under which nobody goes
/// on: on the thread pool, or where the host's caller lets them.
/// </summary>
internal sealed class WaitingReads(TreeOptions options, IBlobStore store, CopyStore copies)
{
    /// <summary>Number of a read that nobody waits for.</summary>
    public const long Nobody = 0;

    private readonly Dictionary<long, WaitingRead> reads = [];
    private List<WaitingRead> ended = [];
    private bool isCollecting;
    private readonly Dictionary<ObjectKey, CacheError> refusals = [];
    private long number;

    public static FetchOutcome ShuttingDown { get; } = new(new CacheError(CacheErrorCode.Unavailable, "the instance is shutting down"));

    public static FetchOutcome AtLimit { get; } = new(new CacheError(CacheErrorCode.Busy, "too many reads wait for the authority"));

    /// <summary>The read runs at the authority.</summary>
    public static FetchOutcome Elsewhere { get; } =
        new(new CacheError(CacheErrorCode.Elsewhere, "the value is of a kind that this instance holds no copies of"));

    /// <summary>Those that fail now run at the authority instead.</summary>
    public bool AreElsewhere { get; set; }

    /// <summary>A wait for so many keys, whose reads are numbered.</summary>
    public WaitingRead Begin(int count, bool goesOnAtOnce)
    {
        var begun = new WaitingRead(number + 1, count, goesOnAtOnce);
        number += count;
        return begun;
    }

    /// <summary>The read of that number waits from now on.</summary>
    public void Add(long read, WaitingRead waiting) => reads.Add(read, waiting);

    /// <summary>Forgets a wait that was given up.</summary>
    public void Remove(WaitingRead waiting)
    {
        for (int i = 0; i < waiting.Count; i++)
            reads.Remove(waiting.First + i);
    }

    /// <summary>From now on, until <see cref="EndCollecting"/>, reads that end and may go on at once are kept for <see cref="TakeEnded"/>.</summary>
    public void BeginCollecting() => isCollecting = true;

    public void EndCollecting() => isCollecting = false;

    /// <summary>What was kept, to go on where no lock is held.</summary>
    public IReadOnlyList<WaitingRead> TakeEnded()
    {
        if (ended.Count == 0)
            return [];
        IReadOnlyList<WaitingRead> taken = ended;
        ended = [];
        return taken;
    }

    public void Answer(long read, in ObjectKey key, long version)
    {
        if (reads.Remove(read, out WaitingRead? waiting))
            End(read, waiting, OutcomeOf(key, version));
    }

    /// <summary>Takes the reasons of what the answer refuses; the reads fail right after.</summary>
    public void Hear(AcquireOk answer)
    {
        refusals.Clear();
        foreach (AcquireAnswer item in answer.Items)
        {
            if (item is not { Status: AcquireStatus.Busy, Payload.Length: > 0 })
                continue;
            string why = System.Text.Encoding.UTF8.GetString(item.Payload.Span);
            refusals[item.Key] = item.Immutable
                ? new(CacheErrorCode.Refused, why)
                : new(CacheErrorCode.Busy, $"the authority '{options.Root}' refused: {why}");
        }
    }

    public void Fail(long read, in ObjectKey key, ReadFailure failure)
    {
        if (!reads.Remove(read, out WaitingRead? waiting))
            return;
        End(read, waiting, AreElsewhere ? Elsewhere : new(failure switch
        {
            ReadFailure.CutOff => new CacheError(CacheErrorCode.Busy, $"the authority '{options.Root}' does not answer, and the copy here may be old"),
            ReadFailure.GivenUp => new CacheError(CacheErrorCode.Busy, "the value could not be brought here"),
            _ => refusals.GetValueOrDefault(key) ?? new CacheError(CacheErrorCode.Busy, $"the authority '{options.Root}' is at a limit"),
        }));
    }

    public void EndAll(FetchOutcome outcome)
    {
        foreach ((long read, WaitingRead waiting) in reads)
            End(read, waiting, outcome);
        reads.Clear();
    }

    private void End(long read, WaitingRead waiting, in FetchOutcome outcome)
    {
        if (!waiting.TryEnd(read, outcome))
            return;
        if (!waiting.GoesOnAtOnce)
            waiting.TrySetResult();
        else if (isCollecting)
            ended.Add(waiting);
        else
            GoOnElsewhere(waiting);
    }

    private static void GoOnElsewhere(WaitingRead read) =>
        ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.TrySetResult(), read, preferLocal: false);

    // The version that was asked for, valid at an instant since; where another came after it, that one is looked at again.
    private FetchOutcome OutcomeOf(in ObjectKey key, long version)
    {
        if (copies.Negatives.TryGet(key) is { } absent && absent.Version == version)
            return FetchOutcome.Absent;
        ulong shard = store.ShardOf(key.Id.Hash);
        store.Lock(shard);
        try
        {
            var scope = default(WriteScope);
            EntryRef entry = store.Find(new BlobKey(key.Id.Database, key.Bytes.Span, key.Id.Hash), ref scope);
            return copies.TryStamp(entry, out OriginStamp stamp) && stamp.Validator == (ulong)version ? new(Version: entry.Version) : default;
        }
        finally
        {
            store.Unlock(shard);
        }
    }
}
