using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// One version of an object at the other instances: for each range one is asked, and the next goes on where it stopped. Ranges that are read
/// side by side are divided over those that share.
/// </summary>
internal sealed class PeerSource(int database, byte[] key, long version, long length, PeerReads reads) : ObjectSource(database, key), IObjectReader
{
    private volatile string? last;

    public override SemaphoreSlim Reads => reads.Limit;

    public override string? Last => last;

    public override bool IsStreaming => true;

    public bool FillsParts => true;

    public override ValueTask<Result<IObjectReader>> OpenAsync(CancellationToken cancellation) => new(Results.Of<IObjectReader>(this));

    public override void Failed(CacheError error)
    {
        // Opening asks nobody: there is nothing that could fail.
    }

    public async ValueTask<CacheError?> FillAsync(long offset, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation)
    {
        int done = 0;
        CacheError? failure = null;
        var whole = new RangeRequest(Database, Key, (ulong)version, length, offset, buffer.Length);
        List<FetchSource> left = [.. await reads.Routes.SourcesAsync(whole, cancellation).ConfigureAwait(false)];
        for (List<FetchSource> slow = []; left.Count > 0 || slow.Count > 0;)
        {
            // Who was left because another promised to be quicker is asked again once all others have failed.
            bool isLast = left.Count == 0;
            FetchSource source = isLast ? slow[0] : reads.Balance.Take(left, buffer.Length - done);
            if (isLast)
                slow.RemoveAt(0);
            int before = done;
            RangeRequest request = whole with { Offset = offset + before, Length = buffer.Length - before, IsHeldOnly = source.IsHeldOnly };
            PeerRead read = await ReadAsync(source, left, request, buffer.From(before), more => filled(done = before + more), cancellation).ConfigureAwait(false);
            if (done > before)
                last = source.Name;
            if (read.IsTakenOver)
            {
                reads.Statistics.TookOver();
                slow.Add(source);
                continue;
            }

            if (read.Error is not { } error)
                return null;
            bool isCopied = error.Code == CacheErrorCode.Elsewhere; // a collection's copy is a copy, though none to pass on
            bool isNoFault = source.IsHeldOnly && error.Code == CacheErrorCode.NotFound; // what it was thought to have has left it
            if (isNoFault || (isCopied && source.IsGuess))
            {
                reads.Routes.Failed(source, request, error.Code);
            }
            else if (!isCopied)
            {
                reads.Statistics.Failed(source.Name);
                reads.Routes.Failed(source, request, error.Code);
            }

            if (error.Code == CacheErrorCode.Corrupt)
                reads.Statistics.FoundCorrupt();
            if (failure == null || (!isCopied && error.Code != CacheErrorCode.NotFound))
                failure = error; // a source that may have it weighs more than one that has not
        }

        return failure!.Code switch
        {
            CacheErrorCode.NotFound or CacheErrorCode.Elsewhere => new CacheError(CacheErrorCode.Changed, "no instance has this version any more"),
            CacheErrorCode.Changed => failure,
            _ => new CacheError(CacheErrorCode.Unavailable, failure.Message),
        };
    }

    public ValueTask DisposeAsync() => default;

    private async ValueTask<PeerRead> ReadAsync(
        FetchSource source, List<FetchSource> others, RangeRequest request, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation)
    {
        int done = 0, most = 0;
        using Activity? span = NodeSpans.Fetch(source.Name, request);
        reads.Retrievals.Sink?.TransferBegan(source.Name);
        if (source.Shares)
            reads.Balance.Began(source, buffer.Length);
        try
        {
            PeerRead read = source.Shares && others.Exists(static other => other.Shares)
                ? await WatchAsync(source, others, request, buffer, Took, () => done, cancellation).ConfigureAwait(false)
                : new(await reads.Peers.ReadAsync(source.Name, request, buffer, Took, cancellation).ConfigureAwait(false));
            span.Ended(read.Error);
            return read;
        }
        finally
        {
            if (source.Shares)
                reads.Balance.Ended(source, buffer.Length - most);
            reads.Retrievals.Sink?.TransferEnded(source.Name, done);
            span?.SetTag(SpanTags.Bytes, done);
        }

        void Took(int bytes)
        {
            // Bytes of which the source has told where they lie may turn out to be gone, and come again.
            if (bytes > most)
            {
                reads.Statistics.Received(source.Name, bytes - most); // before those who wait for them go on
                if (source.Shares)
                    reads.Balance.Took(source, bytes - most);
                most = bytes;
            }

            filled(done = bytes);
        }
    }

    // The buffer is the read's until it has ended, which a cancelled one does at once.
    private async ValueTask<PeerRead> WatchAsync(
        FetchSource source, List<FetchSource> others, RangeRequest request, RangeBuffer buffer, Action<int> filled, Func<int> done, CancellationToken cancellation)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bool isLeft = false;
        Task<CacheError?> read = reads.Peers.ReadAsync(source.Name, request, buffer, filled, leaving.Token).AsTask();
        while (!read.IsCompleted)
        {
            await ((Task)read).WaitAsync(SourceBalance.LookInterval, reads.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (isLeft || read.IsCompleted || !reads.Balance.IsBehind(source, buffer.Length - done(), others))
                continue;
            isLeft = true;
            await leaving.CancelAsync().ConfigureAwait(false);
        }

        // Whatever the read says after that, the source has not failed.
        try
        {
            return await read.ConfigureAwait(false) is { } error ? new(error, isLeft) : default;
        }
        catch (OperationCanceledException) when (isLeft && !cancellation.IsCancellationRequested)
        {
            return new(null, IsTakenOver: true);
        }
    }

    private readonly record struct PeerRead(CacheError? Error, bool IsTakenOver = false);
}
