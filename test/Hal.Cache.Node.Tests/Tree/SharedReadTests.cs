using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Tree;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Node.Tests.Tree;

/// <summary>One range of which a source brings a part and then nothing more, beside one that could.</summary>
public sealed class SharedReadTests : IDisposable
{
    private static readonly byte[] Object = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))];
    private readonly ManualTimeProvider clock = new();
    private readonly TreeStatistics statistics = new("here");
    private readonly SemaphoreSlim limit = new(1);
    private readonly Retrievals retrievals;

    public SharedReadTests() => retrievals = new(clock);

    [Fact]
    public async Task The_rest_of_a_source_that_stands_still_is_brought_by_the_other_and_no_byte_twice()
    {
        var peers = new Peers(stillAfter: 300);
        var (fill, buffer) = Begin(peers);
        await LookAsync(fill);

        Assert.Null(await fill);
        Assert.Equal(Object, buffer);
        Assert.Equal([("a", 0L, 1000), ("b", 300L, 700)], peers.Asked);
        Assert.Equal((300L, 700L, 1L, 0L), (statistics.BytesFrom("a"), statistics.BytesFrom("b"), statistics.Takeovers, statistics.FailuresOf("a")));
    }

    [Fact]
    public async Task A_source_that_was_left_is_asked_again_where_the_other_fails()
    {
        var peers = new Peers(stillAfter: 300) { Failing = "b" };
        var (fill, buffer) = Begin(peers);
        await LookAsync(fill);

        Assert.Null(await fill);
        Assert.Equal(Object, buffer);
        Assert.Equal([("a", 0L, 1000), ("b", 300L, 700), ("a", 300L, 700)], peers.Asked);
    }

    public void Dispose()
    {
        statistics.Dispose();
        limit.Dispose();
        retrievals.Dispose();
    }

    private (Task<CacheError?> Fill, byte[] Buffer) Begin(Peers peers)
    {
        var reads = new PeerReads(peers, new TwoSources(), statistics, limit, retrievals, clock);
        var source = new PeerSource(0, "k"u8.ToArray(), 7, Object.Length, reads);
        var buffer = new byte[Object.Length];
        return (source.FillAsync(0, buffer, _ => { }, default).AsTask(), buffer);
    }

    private async Task LookAsync(Task fill)
    {
        for (var looks = 0; looks < 20 && !fill.IsCompleted; looks++)
        {
            await Task.WhenAny(fill, clock.WhenArmedAsync(1)).WaitAsync(TimeSpan.FromSeconds(30));
            clock.Advance(SourceBalance.LookInterval);
        }
    }

    private sealed class TwoSources : IFetchRoutes
    {
        public ValueTask<IReadOnlyList<FetchSource>> SourcesAsync(RangeRequest range, CancellationToken cancellation) =>
            new([new FetchSource("a", 10_000), new FetchSource("b", 9_000)]);

        public void Failed(FetchSource source, RangeRequest range, CacheErrorCode why)
        {
            // Counted by the statistics.
        }
    }

    /// <summary>The first read stands still after so many bytes, until it is cancelled.</summary>
    private sealed class Peers(int stillAfter) : IPeerClient
    {
        private bool hasStood;

        public string? Failing { get; init; }

        public List<(string Name, long Offset, int Length)> Asked { get; } = [];

        public long MemoryBytes => 0;

        public long MemoryMisses => 0;

        public async ValueTask<CacheError?> ReadAsync(string peer, RangeRequest request, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation)
        {
            Asked.Add((peer, request.Offset, request.Length));
            if (peer == Failing) return new CacheError(CacheErrorCode.NotFound, "as asked");
            var count = hasStood ? request.Length : stillAfter;
            Object.AsSpan((int)request.Offset, count).CopyTo(buffer.At(0).Span);
            filled(count);
            if (count == request.Length) return null;
            hasStood = true;
            await new TaskCompletionSource().Task.WaitAsync(cancellation);
            return null;
        }

        public ValueTask<Result<IFrameChannel>> ConnectAsync(string peer, PeerChannelKind kind, IFrameSink sink, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<Result<ICommandLink>> RentAsync(string peer, CancellationToken cancellation) => throw new NotSupportedException();

        public void Cut(string peer) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => default;
    }
}
