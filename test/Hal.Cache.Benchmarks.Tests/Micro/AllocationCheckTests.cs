using Hal.Cache.Benchmarks.Micro;
using Hal.Cache.Benchmarks.Micro.Gateway;

namespace Hal.Cache.Benchmarks.Tests.Micro;

public sealed class AllocationCheckTests
{
    private static object? kept;

    [Fact]
    public void Run_is_broken_when_the_action_allocates_over_its_ceiling()
    {
        var result = new AllocationCheck("array", ceilingBytes: 100, () => kept = new byte[100]).Run();

        Assert.False(result.IsWithin);
        Assert.InRange(result.BytesPerCall, 100, 200);
    }

    [Fact]
    public void Run_is_within_when_the_action_allocates_nothing()
    {
        var sum = 0;

        var result = new AllocationCheck("sum", ceilingBytes: 0, () => sum++).Run();

        Assert.Equal(0, result.BytesPerCall);
        Assert.True(sum > AllocationCheck.WarmUpCalls);
    }

    [Fact]
    public async Task Suite_counts_the_broken_cases_and_names_them()
    {
        await using var connection = new MemoryConnection();
        await using var output = new StringWriter();

        var broken = MicroSuite.Run([new AllocationCheck("one array", 0, () => kept = new byte[8]), .. MicroSuite.All(connection)], output);

        Assert.Equal(1, broken);
        Assert.Contains("BROKEN one array", output.ToString(), StringComparison.Ordinal);
    }
}
