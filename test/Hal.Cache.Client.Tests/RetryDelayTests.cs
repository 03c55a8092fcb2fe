using Hal.Cache.Client.Http;

namespace Hal.Cache.Client.Tests;

public sealed class RetryDelayTests
{
    private const int Seed = 20261121;

    private static readonly ControlPlaneClientOptions Options = new()
    {
        Url = new Uri("http://127.0.0.1:1"), RetryDelay = TimeSpan.FromMilliseconds(100), RetryDelayMax = TimeSpan.FromMilliseconds(400),
    };

    [Fact]
    public void Waits_grow_to_their_limit_less_a_random_part_up_to_a_half()
    {
        var calls = Calls(Seed);

        Assert.All(
            Enumerable.Range(1, 200).SelectMany(_ => new[] { (1, 100), (2, 200), (3, 400), (40, 400) }),
            tried => Assert.InRange(calls.DelayBefore(tried.Item1).TotalMilliseconds, tried.Item2 / 2.0, tried.Item2));
    }

    [Fact]
    public void Waits_are_those_of_the_seed_and_differ_from_those_of_another()
    {
        double[] Delays(int seed)
        {
            var calls = Calls(seed);
            return [.. Enumerable.Range(0, 8).Select(_ => calls.DelayBefore(1).TotalMilliseconds)];
        }

        Assert.Equal(Delays(Seed), Delays(Seed));
        Assert.NotEqual(Delays(Seed), Delays(Seed + 1));
    }

    private static PlaneCalls Calls(int seed) => new(new HttpClient(), Options, TimeProvider.System, new Random(seed));
}
