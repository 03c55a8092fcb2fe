using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Analytics;

namespace Hal.Cache.ControlPlane.Tests.Analytics;

public sealed class SketchTests
{
    [Fact]
    public void Counts_are_never_too_low_and_at_most_the_bound_too_high()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var sketch = new SpaceSaving(50);
            var truth = new Dictionary<string, long>();
            long total = 0;
            for (var i = 0; i < 20_000; i++)
            {
                // The square favours small numbers, as reads favour few keys.
                var key = $"k{(int)(1000 * Math.Pow(random.NextDouble(), 4))}";
                var weight = random.Next(1, 4);
                sketch.Add(CacheKey.FromText(key), weight);
                truth[key] = truth.GetValueOrDefault(key) + weight;
                total += weight;
            }

            var top = sketch.Top(50);
            Assert.All(top, k => Assert.True(
                k.Reads >= truth[k.Key.ToString()] && k.Reads - k.ReadsOvercount <= truth[k.Key.ToString()] && k.ReadsOvercount <= total / 50, $"seed {seed}, {k}"));
            // Whatever is above the bound must be there (Metwally et al., theorem 6).
            Assert.All(truth.Where(t => t.Value > total / 50), t => Assert.True(top.Any(k => k.Key.ToString() == t.Key), $"seed {seed}, {t.Key}"));
        }
    }

    [Fact]
    public void Halving_keeps_the_order_and_forgets_what_is_rare()
    {
        var sketch = new SpaceSaving(10);
        sketch.Add(CacheKey.FromText("a"), 100);
        sketch.Add(CacheKey.FromText("b"), 10);
        sketch.Add(CacheKey.FromText("c"), 1);
        sketch.Halve();
        sketch.Add(CacheKey.FromText("b"), 50);

        Assert.Equal([("b", 55L), ("a", 50L)], sketch.Top(10).Select(k => (k.Key.ToString(), k.Reads)));
    }

    [Fact]
    public void Percentiles_are_within_an_eighth_of_the_truth()
    {
        var random = new Random(7);
        var histogram = new TimeHistogram();
        var times = Enumerable.Range(0, 10_000).Select(_ => Math.Pow(10, (random.NextDouble() * 6) - 2)).Order().ToArray();
        foreach (var ms in times) histogram.Add(ms);

        double[] percents = [1, 10, 50, 90, 99, 99.9, 100];
        Assert.All(percents, percent =>
        {
            var exact = times[(int)Math.Ceiling(times.Length * percent / 100) - 1];
            Assert.InRange(histogram.Percentile(percent)!.Value, exact * 0.999, (exact * 1.126) + 0.001);
        });
        Assert.Null(new TimeHistogram().Percentile(50));
    }
}
