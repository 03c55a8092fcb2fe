namespace Hal.Cache.Coherence.Tests;

public sealed class RequestTableTests
{
    private readonly RequestTable table = new(new CoherenceOptions { RequestsMax = 3 });

    [Fact]
    public void A_request_is_new_once_then_running_then_known()
    {
        Assert.Equal(RequestOutcome.New, table.Begin(1, 10, out _));
        Assert.Equal(RequestOutcome.Running, table.Begin(1, 10, out _));

        table.Done(1, 10, new byte[] { 42 });

        Assert.Equal(RequestOutcome.Known, table.Begin(1, 10, out var result));
        Assert.Equal(42, result.Span[0]);
        Assert.Equal(RequestOutcome.New, table.Begin(2, 10, out _));
    }

    [Fact]
    public void A_request_that_was_forgotten_is_never_taken_for_a_new_one()
    {
        for (ulong i = 1; i <= 4; i++)
        {
            Assert.Equal(RequestOutcome.New, table.Begin(1, i, out _));
            table.Done(1, i, default);
        }

        Assert.Equal(RequestOutcome.Unknown, table.Begin(1, 1, out _));
        Assert.Equal(RequestOutcome.Known, table.Begin(1, 2, out _));
    }

    [Fact]
    public void Requests_under_way_are_not_forgotten_but_have_a_limit()
    {
        for (ulong i = 1; i <= 3; i++) table.Begin(1, i, out _);

        Assert.Equal(RequestOutcome.Busy, table.Begin(1, 4, out _));
        Assert.Equal(RequestOutcome.Running, table.Begin(1, 1, out _));
    }

    [Fact]
    public void What_the_log_has_is_known_and_what_failed_may_be_tried_again()
    {
        table.Restore(1, 5, new byte[] { 7 });
        table.Begin(1, 6, out _);
        table.Failed(1, 6);

        Assert.Equal(RequestOutcome.Known, table.Begin(1, 5, out var result));
        Assert.Equal(7, result.Span[0]);
        Assert.Equal(RequestOutcome.New, table.Begin(1, 6, out _));
    }

    [Fact]
    public void What_an_instance_will_not_repeat_is_dropped()
    {
        table.Begin(1, 5, out _);
        table.Done(1, 5, default);

        table.Forget(1, 5);

        Assert.Equal(RequestOutcome.Unknown, table.Begin(1, 5, out _));
        Assert.Equal(RequestOutcome.New, table.Begin(1, 6, out _));
    }
}
