using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree;

/// <summary>One version of an object at the other instances: each is asked in turn, and the next goes on where one stopped.</summary>
internal sealed class PeerSource(int database, byte[] key, long version, long length, PeerReads reads) : ObjectSource(database, key), IObjectReader
{
    public override SemaphoreSlim Reads => reads.Limit;

    public override ValueTask<Result<IObjectReader>> OpenAsync(CancellationToken cancellation) => new(Results.Of<IObjectReader>(this));

    public override void Failed(CacheError error)
    {
        // Opening asks nobody: there is nothing that could fail.
    }

    public async ValueTask<CacheError?> FillAsync(long offset, Memory<byte> buffer, Action<int> filled, CancellationToken cancellation)
    {
        int done = 0;
        CacheError? failure = null;
        foreach (string source in reads.Routes.Sources(Database, Key, length))
        {
            int before = done;
            var request = new RangeRequest(Database, Key, (ulong)version, length, offset + before, buffer.Length - before);
            CacheError? error = await reads.Peers.ReadAsync(source, request, buffer[before..], Took, cancellation).ConfigureAwait(false);
            reads.Statistics.Received(source, done - before);
            if (error == null)
                return null;
            reads.Statistics.Failed(source);
            if (error.Code == CacheErrorCode.Corrupt)
                reads.Statistics.FoundCorrupt();
            if (failure == null || error.Code != CacheErrorCode.NotFound)
                failure = error; // a source that may have it weighs more than one that has not

            void Took(int bytes) => filled(done = before + bytes);
        }

        return failure!.Code switch
        {
            CacheErrorCode.NotFound => new CacheError(CacheErrorCode.Changed, "no instance has this version any more"),
            CacheErrorCode.Changed => failure,
            _ => new CacheError(CacheErrorCode.Unavailable, failure.Message),
        };
    }

    public ValueTask DisposeAsync() => default;
}
