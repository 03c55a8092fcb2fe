using Hal.Cache.Gateway.Server;

namespace Hal.Cache.Gateway.Tests.Server;

public sealed class LatencyTests
{
    private static readonly CommandTable Table = new();

    private static CommandSpec Fast => Table.Find("get"u8)!;

    private static CommandSpec Slow => Table.Find("set"u8)!;

    [Fact]
    public async Task Spikes_are_listed_by_event_when_they_reach_the_threshold()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["CONFIG", "SET", "latency-monitor-threshold", "100"]);
        long second = host.Time.GetUtcNow().ToUnixTimeSeconds();
        host.State.Latency.Note(Slow, 99_999);
        host.State.Latency.Note(Slow, 150_000);
        host.State.Latency.Note(Slow, 120_000);
        host.State.Latency.Note(Fast, 100_000);
        host.Time.Advance(TimeSpan.FromSeconds(2));
        host.State.Latency.Note(Slow, 110_000);

        Assert.Equal(
            $"*2|*4|$7|command|:{second + 2}|:110|:150|*4|$12|fast-command|:{second}|:100|:100|*2|*2|:{second}|:150|*2|:{second + 2}|:110|*0|:1|:1|*0",
            await host.RunAsync("a>LATENCY LATEST; a>LATENCY HISTORY command; a>LATENCY HISTORY nosuch; a>LATENCY RESET command nosuch; a>LATENCY RESET; a>LATENCY LATEST"));
    }

    [Fact]
    public async Task Nothing_is_kept_when_the_threshold_is_zero()
    {
        await using var host = new ServerHost();

        host.State.Latency.Note(Slow, 10_000_000);

        Assert.Equal("*0|-ERR No samples available for event 'command'", await host.RunAsync("a>LATENCY LATEST; a>LATENCY GRAPH command"));
    }

    [Fact]
    public void History_keeps_the_newest_when_there_are_more_than_it_takes()
    {
        var series = new LatencySeries();

        for (int second = 1; second <= 1000; second++) series.Add(second, second);

        (long At, long Milliseconds)[] all = series.All();
        Assert.Equal(LatencySeries.SamplesMax, all.Length);
        Assert.Equal((1000, 1000), all[^1]);
        Assert.Equal(1000 - LatencySeries.SamplesMax + 1, all[0].At);
    }

    [Fact]
    public void Graph_draws_the_newest_at_the_right()
    {
        string graph = LatencyGraph.Draw("command", [(100, 10), (160, 20), (161, 30)], 40, 171);

        Assert.Equal(
            "command - high 30 ms, low 10 ms (all time high 40 ms)\n" + new string('-', 80) + "\n  #\n _|\n ||\n_||\n\n111\nm10\n ss\n",
            graph);
    }

    [Fact]
    public async Task Histogram_counts_every_call()
    {
        await using var host = new ServerHost();
        for (int i = 0; i < 40; i++) await host["b"].RunAsync(["GET", "k"]);

        string histogram = await host.RunAsync("a>LATENCY HISTOGRAM get");

        Assert.StartsWith("*2|$3|get|*4|$5|calls|:40|$14|histogram_usec|*", histogram, StringComparison.Ordinal);
        Assert.EndsWith("|:40", histogram, StringComparison.Ordinal);
    }
}
