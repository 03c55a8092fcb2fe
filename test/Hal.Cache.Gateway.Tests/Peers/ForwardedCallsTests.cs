using Hal.Cache.Gateway.Peers;

namespace Hal.Cache.Gateway.Tests.Peers;

public sealed class ForwardedCallsTests
{
    private const long Epoch = 5;

    private readonly ForwardedCalls calls = new();

    [Fact]
    public void A_call_that_is_repeated_gets_the_reply_of_the_first()
    {
        Assert.Equal(ForwardedCalls.Standing.New, calls.Begin(new(1, 1, 0, Epoch), Epoch, out var first));
        Assert.Equal(ForwardedCalls.Standing.Running, calls.Begin(new(1, 1, 1, Epoch), Epoch, out var again));
        Assert.Same(first, again);
        first!.End("+OK\r\n"u8.ToArray(), 99, [3]);

        Assert.Equal(ForwardedCalls.Standing.Done, calls.Begin(new(1, 1, 2, Epoch), Epoch, out var done));
        Assert.Equal((99L, 3L), (done!.Address, done.Tickets.Single()));
    }

    [Fact]
    public void A_repeated_call_that_never_came_runs_within_the_epoch_and_not_beyond()
    {
        Assert.Equal(ForwardedCalls.Standing.New, calls.Begin(new(1, 1, 1, Epoch), Epoch, out _));
        Assert.Equal(ForwardedCalls.Standing.Unknown, calls.Begin(new(1, 2, 1, Epoch - 1), Epoch, out _));
        Assert.Equal(ForwardedCalls.Standing.Unknown, calls.Begin(new(1, 3, 1, 0), Epoch, out _));
    }

    [Fact]
    public void A_call_that_broke_off_or_is_forgotten_is_unknown()
    {
        calls.Begin(new(1, 1, 0, Epoch), Epoch, out var cut);
        cut!.End(null, 0, []);
        Assert.Equal(ForwardedCalls.Standing.Unknown, calls.Begin(new(1, 1, 1, Epoch), Epoch, out _));

        for (var i = 2; i < ForwardedCalls.CallsMax + 10; i++) Run(i);
        Assert.Equal(ForwardedCalls.Standing.Unknown, calls.Begin(new(1, 2, 1, Epoch), Epoch, out _));
        Assert.Equal(ForwardedCalls.Standing.New, calls.Begin(new(2, 2, 1, Epoch), Epoch, out _)); // another caller's
    }

    [Fact]
    public void A_call_that_waits_is_known_however_many_come_after_it_until_it_ends()
    {
        calls.Begin(new(1, 1, 0, Epoch), Epoch, out var waits);
        for (var i = 2; i < ForwardedCalls.CallsMax + 10; i++) Run(i);

        Assert.Same(waits, calls.Find(1, 1));
        Assert.Equal(ForwardedCalls.Standing.Running, calls.Begin(new(1, 1, 1, Epoch), Epoch, out _));
        waits!.End("+OK\r\n"u8.ToArray(), 0, []);

        Assert.Null(calls.Find(1, 1));
        Assert.Equal(ForwardedCalls.Standing.Unknown, calls.Begin(new(1, 1, 2, Epoch), Epoch, out _));
    }

    private void Run(long request)
    {
        calls.Begin(new(1, request, 0, Epoch), Epoch, out var entry);
        entry!.End("+OK\r\n"u8.ToArray(), 0, []);
    }
}
