using Hal.Cache.Origins.FileSystem;

namespace Hal.Cache.Origins.Tests.FileSystem;

public sealed class BlockingCallsTests
{
    [Fact]
    public void Threads_that_are_in_calls_are_made_up_for_in_the_pool()
    {
        const int calls = 40;

        var during = MinimumWithin(calls);
        ThreadPool.GetMinThreads(out var after, out _);

        Assert.True(during > calls, $"the minimum is {during} threads, and {calls} may be blocked");
        Assert.True(after <= during - calls + (2 * BlockingCalls.Step), $"{after} threads after the calls, {during} during them");
    }

    private static int MinimumWithin(int calls)
    {
        using var call = BlockingCalls.Enter();
        if (calls > 1) return MinimumWithin(calls - 1);
        ThreadPool.GetMinThreads(out var minimum, out _);
        return minimum;
    }
}
