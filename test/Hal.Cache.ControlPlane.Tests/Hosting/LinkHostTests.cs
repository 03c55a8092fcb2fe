using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Hosting;

public sealed class LinkHostTests : IDisposable
{
    private readonly ManualTimeProvider clock = new();
    private readonly MemoryControlPlaneStore store = new();
    private readonly List<LinkHost> made = [];

    private static CancellationToken None => CancellationToken.None;

    public void Dispose() => made.ForEach(l => l.Dispose());

    [Fact]
    public async Task A_link_tells_what_has_moved_by_a_tenth_and_what_is_ten_seconds_old()
    {
        var link = await NewAsync();
        var news = new List<bool> { link.HasNews };
        void Seen(double roundTripMs)
        {
            link.Observe([new LinkObservation { From = "a", To = "b", RoundTripMs = roundTripMs }]);
            news.Add(link.HasNews);
            link.Tell(link.Describe());
        }

        Seen(20);
        Seen(21);
        Seen(200);
        clock.Advance(LinkHost.NewsAge);
        Seen(link.Describe().Measured!.LatencyMs!.Value * 2);
        clock.Advance(TimeSpan.FromTicks(1));
        Seen(link.Describe().Measured!.LatencyMs!.Value * 2);
        clock.Advance(LinkHost.NewsAge + TimeSpan.FromTicks(1));
        Seen(link.Describe().Measured!.LatencyMs!.Value * 2);

        Assert.Equal([false, true, false, true, false, false, true], news);
    }

    [Fact]
    public async Task Settings_come_back_from_the_store_and_what_was_measured_from_the_trees_picture()
    {
        var before = await NewAsync();
        Assert.True((await before.SetAsync(Settings(5), None)).IsOk);
        before.Observe([new LinkObservation { From = "a", To = "b", RoundTripMs = 20 }]);

        var after = await NewAsync();
        after.Recall(before.Describe());
        var again = await after.SetAsync(Settings(7), None);

        Assert.Equal((10.0, 7.0), (again.Value.Measured!.LatencyMs!.Value, again.Value.Configured!.LatencyMs!.Value));
        Assert.Equal(7, (await NewAsync()).Describe().Configured!.LatencyMs);
    }

    [Fact]
    public async Task Settings_that_the_store_does_not_take_are_not_in_force()
    {
        var link = await NewAsync();
        store.Failure = new CacheError(CacheErrorCode.Unavailable, "down");

        var set = await link.SetAsync(Settings(5), None);

        Assert.Equal(CacheErrorCode.Unavailable, set.Error?.Code);
        Assert.Null(link.Describe().Configured);
        Assert.False(link.HasNews);
    }

    [Fact]
    public async Task A_link_whose_name_another_ones_begins_with_has_settings_of_its_own()
    {
        var longer = await NewAsync("a", "bc");
        Assert.True((await longer.SetAsync(new LinkSettings { From = "a", To = "bc", Figures = new LinkFigures { LatencyMs = 3 } }, None)).IsOk);

        Assert.Null((await NewAsync()).Describe().Configured);
    }

    private async Task<LinkHost> NewAsync(string from = "a", string to = "b")
    {
        var link = new LinkHost(from, to, store, clock);
        made.Add(link);
        Assert.Null(await link.LoadAsync(None));
        return link;
    }

    private static LinkSettings Settings(double latencyMs) => new() { From = "a", To = "b", Figures = new LinkFigures { LatencyMs = latencyMs } };
}
