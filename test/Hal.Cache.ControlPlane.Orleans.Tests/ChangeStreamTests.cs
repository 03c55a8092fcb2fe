using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Streams;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

[Collection(ClusterCollection.Name)]
public sealed class ChangeStreamTests(ClusterFixture cluster)
{
    private const int Events = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken None => CancellationToken.None;

    [Theory]
    [InlineData(1024)]
    [InlineData(1)]
    public async Task A_reader_sees_every_event_once_and_in_order_however_little_it_buffers(int bufferedMax)
    {
        var tree = cluster.Resources.Add(TimeProvider.System, null);
        var instance = new ScriptedInstance(cluster.Plane(tree), "root");
        await instance.RegisterAsync();
        using var limit = new CancellationTokenSource(Patience);
        await using var items = Stream(tree, bufferedMax).ReadAsync(new Subscription(), limit.Token).GetAsyncEnumerator(limit.Token);
        Assert.True(await items.MoveNextAsync());
        var started = items.Current.Notice?.Kind;

        for (var i = 1; i <= Events; i++) await instance.AddAsync(CacheKey.FromText($"k{i}"));
        var seen = new List<StreamItem>();
        while (seen.Count < Events && await items.MoveNextAsync()) seen.Add(items.Current);

        Assert.Equal(StreamNoticeKind.Started, started);
        Assert.Equal(Enumerable.Range(1, Events).Select(i => ((long)i, $"k{i}")), seen.Select(s => (s.Position, s.Event!.KeysAdded[0].ToString())));
        Assert.Equal(Enumerable.Range(1, Events).Select(i => (long)i), seen.Select(s => s.Event!.Sequence));
    }

    [Fact]
    public async Task A_reader_goes_on_when_the_silo_of_the_log_is_killed_and_is_told_of_the_new_log()
    {
        var tree = cluster.Resources.Add(TimeProvider.System, null);
        var plane = cluster.Plane(tree);
        var instance = new ScriptedInstance(plane, "root");
        await instance.RegisterAsync();
        using var limit = new CancellationTokenSource(Patience);
        await using var items = Stream(tree, 1024).ReadAsync(new Subscription { AfterPosition = 0 }, limit.Token).GetAsyncEnumerator(limit.Token);
        await instance.AddAsync(CacheKey.FromText("before"));
        Assert.True(await items.MoveNextAsync());
        Assert.True(await items.MoveNextAsync());
        var before = items.Current.Event?.KeysAdded[0].ToString();

        await cluster.KillAsync(cluster.Home(cluster.Cluster.Client.GetGrain<ITreeGrain>(tree).GetGrainId()));
        await instance.HeartbeatAsync();
        await instance.AddAsync(CacheKey.FromText("after"));
        Assert.True(await items.MoveNextAsync());
        var notice = items.Current.Notice?.Kind;
        Assert.True(await items.MoveNextAsync());

        Assert.Equal(("before", StreamNoticeKind.OtherLog, "after"), (before, notice, items.Current.Event?.KeysAdded[0].ToString()));
    }

    private ChangeStream Stream(string tree, int bufferedMax) =>
        new(cluster.Cluster.Client, new OrleansPlaneOptions { Tree = tree }, TimeProvider.System) { BufferedMax = bufferedMax };
}
