using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Tests.Load;

public sealed class SampleTests
{
    [Fact]
    public void Median_takes_the_middle_of_each_figure_on_its_own() =>
        Assert.Equal(new Sample(3, 20, 7), Sample.Median([new(1, 20, 7), new(9, 10, 8), new(3, 30, 6)]));

    [Fact]
    public void Median_of_an_even_number_is_between_the_middle_two() =>
        Assert.Equal(new Sample(2.5), Sample.Median([new(1), new(2), new(3), new(10)]));
}
