using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>Reads that wait for the authority's answer, by number, and how they end. Used under the lock of the copies' host.</summary>
internal sealed class WaitingReads(TreeOptions options, IBlobStore store, CopyStore copies)
{
    private readonly Dictionary<long, TaskCompletionSource<FetchOutcome>> reads = [];
    private readonly Dictionary<ObjectKey, string> refusals = [];
    private long number;

    public static FetchOutcome ShuttingDown { get; } = new(new CacheError(CacheErrorCode.Unavailable, "the instance is shutting down"));

    public static FetchOutcome AtLimit { get; } = new(new CacheError(CacheErrorCode.Busy, "too many reads wait for the authority"));

    /// <summary>The read runs at the authority.</summary>
    public static FetchOutcome Elsewhere { get; } =
        new(new CacheError(CacheErrorCode.Elsewhere, "the value is of a kind that this instance holds no copies of"));

    /// <summary>Those that fail now run at the authority instead.</summary>
    public bool AreElsewhere { get; set; }

    /// <summary>Number for a read that is about to wait.</summary>
    public long Next() => ++number;

    public Task<FetchOutcome> Add(long read)
    {
        var done = new TaskCompletionSource<FetchOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        reads.Add(read, done);
        return done.Task;
    }

    public void Remove(long read) => reads.Remove(read);

    public void Answer(long read, in ObjectKey key, long version)
    {
        if (reads.TryGetValue(read, out TaskCompletionSource<FetchOutcome>? done))
            done.TrySetResult(OutcomeOf(key, version));
    }

    /// <summary>Takes the reasons of what the answer refuses; the reads fail right after.</summary>
    public void Hear(AcquireOk answer)
    {
        refusals.Clear();
        foreach (AcquireAnswer item in answer.Items)
        {
            if (item is { Status: AcquireStatus.Busy, Payload.Length: > 0 })
                refusals[item.Key] = System.Text.Encoding.UTF8.GetString(item.Payload.Span);
        }
    }

    public void Fail(long read, in ObjectKey key, ReadFailure failure)
    {
        if (!reads.TryGetValue(read, out TaskCompletionSource<FetchOutcome>? done))
            return;
        done.TrySetResult(AreElsewhere ? Elsewhere : new(new CacheError(CacheErrorCode.Busy, failure switch
        {
            ReadFailure.CutOff => $"the authority '{options.Root}' does not answer, and the copy here may be old",
            ReadFailure.GivenUp => "the value could not be brought here",
            _ => refusals.GetValueOrDefault(key) is { } why ? $"the authority '{options.Root}' refused: {why}" : $"the authority '{options.Root}' is at a limit",
        })));
    }

    public void EndAll(FetchOutcome outcome)
    {
        foreach (TaskCompletionSource<FetchOutcome> read in reads.Values)
            read.TrySetResult(outcome);
    }

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
