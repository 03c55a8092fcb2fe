using Hal.Cache.Node.Tree;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Node.Tests.Tree;

public sealed class SourceBalanceTests
{
    private const int Range = 1_000_000;
    private readonly ManualTimeProvider clock = new();
    private readonly SourceBalance balance;

    public SourceBalanceTests() => balance = new SourceBalance(clock);

    [Fact]
    public void Ranges_are_divided_by_the_rates_that_are_expected()
    {
        FetchSource[] sources = [new("quick", 30e6), new("slow", 10e6), new("alone")];

        var asked = Enumerable.Range(0, 40).Select(_ => Begin(sources).Name).ToArray();

        Assert.Equal((30, 10), (asked.Count(name => name == "quick"), asked.Count(name => name == "slow")));
    }

    [Fact]
    public void A_source_is_not_asked_for_what_another_brings_before_it_would()
    {
        FetchSource[] sources = [new("near", 100e6, 0), new("far", 100e6, 50)];

        var asked = Enumerable.Range(0, 4).Select(_ => Begin(sources).Name).ToArray();

        Assert.All(asked, name => Assert.Equal("near", name)); // all four are here in 40 ms
        Assert.Equal(["near", "near", "far"], [Begin(sources).Name, Begin(sources).Name, Begin(sources).Name]);
    }

    [Fact]
    public void The_first_is_asked_where_it_does_not_share()
    {
        List<FetchSource> sources = [new("alone"), new("quick", 1e9), new("slow", 1e6)];

        Assert.Equal("alone", balance.Take(sources, Range).Name);
        Assert.Equal("quick", balance.Take(sources, Range).Name);
        Assert.Equal("slow", balance.Take(sources, Range).Name);
    }

    [Fact]
    public void What_is_measured_counts_more_than_what_was_expected_and_is_forgotten_after_a_while()
    {
        FetchSource[] sources = [new("a", 10e6), new("b", 9e6)];
        var a = Begin(sources);
        Assert.Equal("a", a.Name);
        for (var i = 0; i < 10; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            balance.Took(a, 10_000);
        }

        balance.Ended(a, Range - 100_000);
        Assert.Equal(["b", "b", "b"], [Begin(sources).Name, Begin(sources).Name, Begin(sources).Name]);
        balance.Ended(sources[1], 3 * Range);
        clock.Advance(TimeSpan.FromSeconds(SourceLoad.KnownSeconds + 1));

        Assert.Equal("a", Begin(sources).Name);
    }

    [Fact]
    public void A_read_is_behind_once_another_would_bring_its_rest_in_half_the_time()
    {
        FetchSource slow = new("slow", 10e6), quick = new("quick", 10e6);
        balance.Began(slow, Range);

        Assert.False(balance.IsBehind(slow, Range, [quick])); // nothing is known against it
        clock.Advance(TimeSpan.FromMilliseconds(400));
        balance.Took(slow, 100_000); // 250 kB/s: expected at about 5 MB/s from now on
        Assert.False(balance.IsBehind(slow, Range - 100_000, [quick]));
        clock.Advance(TimeSpan.FromMilliseconds(400)); // and nothing more

        Assert.True(balance.IsBehind(slow, Range - 100_000, [quick]));
        Assert.False(balance.IsBehind(slow, Range - 100_000, [new FetchSource("alone")]));
        Assert.False(balance.IsBehind(slow, Range - 100_000, [quick with { LatencyMs = 1e12 }]));
    }

    private FetchSource Begin(FetchSource[] sources)
    {
        var taken = balance.Take([.. sources], Range);
        balance.Began(taken, Range);
        return taken;
    }
}
