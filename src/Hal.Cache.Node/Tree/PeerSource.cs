using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree;

/// <summary>One version of an object at the other instances: each is asked in turn, and the next goes on where one stopped.</summary>
internal sealed class PeerSource(int database, byte[] key, long version, long length, PeerReads reads) : ObjectSource(database, key), IObjectReader
{
    private volatile string? last;

    public override SemaphoreSlim Reads => reads.Limit;

    public override string? Last => last;

    public override ValueTask<Result<IObjectReader>> OpenAsync(CancellationToken cancellation) => new(Results.Of<IObjectReader>(this));

    public override void Failed(CacheError error)
    {
        // Opening asks nobody: there is nothing that could fail.
    }

    public async ValueTask<CacheError?> FillAsync(long offset, Memory<byte> buffer, Action<int> filled, CancellationToken cancellation)
    {
        int done = 0;
        CacheError? failure = null;
        var whole = new RangeRequest(Database, Key, (ulong)version, length, offset, buffer.Length);
        foreach (string source in await reads.Routes.SourcesAsync(whole, cancellation).ConfigureAwait(false))
        {
            int before = done;
            RangeRequest request = whole with { Offset = offset + before, Length = buffer.Length - before };
            CacheError? error;
            reads.Retrievals.Sink?.TransferBegan(source);
            try
            {
                error = await reads.Peers.ReadAsync(source, request, buffer[before..], Took, cancellation).ConfigureAwait(false);
            }
            finally
            {
                reads.Retrievals.Sink?.TransferEnded(source, done - before);
            }

            reads.Statistics.Received(source, done - before);
            if (done > before)
                last = source;
            if (error == null)
                return null;
            bool isCopied = error.Code == CacheErrorCode.Elsewhere; // a collection's copy is a copy, though none to pass on
            if (!isCopied)
            {
                reads.Statistics.Failed(source);
                reads.Routes.Failed(source, request, error.Code);
            }

            if (error.Code == CacheErrorCode.Corrupt)
                reads.Statistics.FoundCorrupt();
            if (failure == null || (!isCopied && error.Code != CacheErrorCode.NotFound))
                failure = error; // a source that may have it weighs more than one that has not

            void Took(int bytes) => filled(done = before + bytes);
        }

        return failure!.Code switch
        {
            CacheErrorCode.NotFound or CacheErrorCode.Elsewhere => new CacheError(CacheErrorCode.Changed, "no instance has this version any more"),
            CacheErrorCode.Changed => failure,
            _ => new CacheError(CacheErrorCode.Unavailable, failure.Message),
        };
    }

    public ValueTask DisposeAsync() => default;
}
