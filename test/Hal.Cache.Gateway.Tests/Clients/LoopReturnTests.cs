using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Tests.Clients;

public class LoopReturnTests
{
    [Fact]
    public async Task Who_awaits_it_goes_on_when_the_loop_has_come_to_it_each_time_anew()
    {
        var loop = new HandLoop();
        int steps = 0;
        Task going = GoAsync(new LoopReturn(loop));
        Assert.Equal(0, steps);

        await loop.RunPostedAsync();
        Assert.Equal(1, steps);
        Assert.False(going.IsCompleted);
        await loop.RunPostedAsync();

        Assert.Equal(2, steps);
        await going.WaitAsync(ConnectionHost.WaitMax);

        async Task GoAsync(LoopReturn back)
        {
            await back;
            steps++;
            await back;
            steps++;
        }
    }
}
