using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Node.Tests.Tree;

public sealed class PeerSourceTests
{
    private static readonly byte[] Object = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    [Fact]
    public async Task Corrupt_bytes_are_fetched_from_the_next_source_and_the_good_ones_before_them_are_kept()
    {
        var peers = new Peers(("parent", 300, CacheErrorCode.Corrupt), ("root", int.MaxValue, null));
        var (error, bytes, statistics) = await FillAsync(peers);

        Assert.Null(error);
        Assert.Equal(Object, bytes);
        Assert.Equal([("parent", 0L, 1000), ("root", 300L, 700)], peers.Asked);
        Assert.Equal((1L, 300L, 700L, 1L), (statistics.Corrupt, statistics.BytesFrom("parent"), statistics.BytesFrom("root"), statistics.FailuresOf("parent")));
    }

    [Fact]
    public async Task A_source_that_stalls_or_goes_away_is_left_for_the_next_one()
    {
        var peers = new Peers(("parent", 64, CacheErrorCode.Unavailable), ("root", int.MaxValue, null));

        var (error, bytes, _) = await FillAsync(peers);

        Assert.Null(error);
        Assert.Equal(Object, bytes);
    }

    [Fact]
    public async Task A_source_whose_copy_is_none_to_pass_on_has_not_failed()
    {
        var (error, bytes, statistics) = await FillAsync(new Peers(("parent", 0, CacheErrorCode.Elsewhere), ("root", int.MaxValue, null)));

        Assert.Null(error);
        Assert.Equal(Object, bytes);
        Assert.Equal(0, statistics.FailuresOf("parent"));
    }

    [Fact]
    public async Task A_source_that_was_guessed_is_asked_for_what_it_has_and_has_not_failed_where_that_is_nothing()
    {
        var routes = new Guessing();
        var peers = new Peers(("sibling", 0, CacheErrorCode.NotFound), ("root", int.MaxValue, null));

        var (error, bytes, statistics) = await FillAsync(peers, routes);

        Assert.Null(error);
        Assert.Equal(Object, bytes);
        Assert.Equal([true, false], peers.HeldOnly);
        Assert.Equal(0, statistics.FailuresOf("sibling"));
        Assert.Equal([("sibling", true)], routes.Told);
    }

    [Theory]
    [InlineData(CacheErrorCode.Elsewhere, CacheErrorCode.NotFound, CacheErrorCode.Changed)]
    [InlineData(CacheErrorCode.NotFound, CacheErrorCode.NotFound, CacheErrorCode.Changed)]
    [InlineData(CacheErrorCode.Unavailable, CacheErrorCode.NotFound, CacheErrorCode.Unavailable)]
    [InlineData(CacheErrorCode.NotFound, CacheErrorCode.Unavailable, CacheErrorCode.Unavailable)]
    public async Task A_version_is_gone_only_where_every_source_says_so(CacheErrorCode parent, CacheErrorCode root, CacheErrorCode expected)
    {
        var (error, _, _) = await FillAsync(new Peers(("parent", 0, parent), ("root", 0, root)));

        Assert.Equal(expected, error!.Code);
    }

    private static async Task<(CacheError? Error, byte[] Bytes, TreeStatistics Statistics)> FillAsync(Peers peers, IFetchRoutes? routes = null)
    {
        using var statistics = new TreeStatistics("here");
        using var limit = new SemaphoreSlim(1);
        using var retrievals = new Retrievals(TimeProvider.System);
        var reads = new PeerReads(peers, routes ?? new ParentFirstRoutes("parent", "root"), statistics, limit, retrievals, TimeProvider.System);
        var source = new PeerSource(0, "k"u8.ToArray(), 7, Object.Length, reads);
        var buffer = new byte[Object.Length];
        var good = 0;

        CacheError? error = await source.FillAsync(0, buffer, filled => good = filled, default);

        Assert.Equal(buffer[..good], Object[..good]);
        return (error, buffer, statistics);
    }

    private sealed class Guessing : IFetchRoutes
    {
        public List<(string Source, bool IsHeldOnly)> Told { get; } = [];

        public ValueTask<IReadOnlyList<FetchSource>> SourcesAsync(RangeRequest range, CancellationToken cancellation) =>
            new([new("sibling") { IsHeldOnly = true, IsGuess = true }, new("root")]);

        public void Failed(FetchSource source, RangeRequest range, CacheErrorCode why) => Told.Add((source.Name, range.IsHeldOnly));
    }

    /// <summary>Each source gives so many bytes, then fails.</summary>
    private sealed class Peers(params (string Name, int Bytes, CacheErrorCode? Error)[] sources) : IPeerClient
    {
        public List<(string Name, long Offset, int Length)> Asked { get; } = [];

        public List<bool> HeldOnly { get; } = [];

        public long MemoryBytes => 0;

        public long MemoryMisses => 0;

        public ValueTask<CacheError?> ReadAsync(string peer, RangeRequest request, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation)
        {
            Asked.Add((peer, request.Offset, request.Length));
            HeldOnly.Add(request.IsHeldOnly);
            var (_, bytes, code) = sources.Single(s => s.Name == peer);
            int count = Math.Min(bytes, request.Length);
            Object.AsSpan((int)request.Offset, count).CopyTo(buffer.At(0).Span);
            if (count > 0) filled(count);
            return new(code is { } failure ? new CacheError(failure, "as asked") : null);
        }

        public ValueTask<Result<IFrameChannel>> ConnectAsync(string peer, PeerChannelKind kind, IFrameSink sink, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<Result<ICommandLink>> RentAsync(string peer, CancellationToken cancellation) => throw new NotSupportedException();

        public void Cut(string peer) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => default;
    }
}
