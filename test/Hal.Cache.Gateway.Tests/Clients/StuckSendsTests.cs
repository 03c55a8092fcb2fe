using System.IO.Pipelines;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.Clients;

public sealed class StuckSendsTests : IDisposable
{
    private static readonly TimeSpan After = TimeSpan.FromMilliseconds(50);

    private readonly ManualTimeProvider clock = new();
    private readonly Output output = new();
    private readonly StuckSends sends;

    public StuckSendsTests() => sends = new(output, clock);

    public void Dispose() => sends.Dispose();

    [Fact]
    public void A_send_is_cancelled_once_and_not_before_its_time()
    {
        sends.Begin(After);
        clock.Advance(After - TimeSpan.FromTicks(1));
        Assert.Equal(0, output.Cancels);

        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, output.Cancels);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, output.Cancels);
    }

    [Fact]
    public void Many_short_waits_are_not_taken_for_a_long_one()
    {
        for (int i = 0; i < 100; i++)
        {
            sends.Begin(After);
            clock.Advance(TimeSpan.FromMilliseconds(20));
            sends.End();
            clock.Advance(TimeSpan.FromMilliseconds(7));
        }

        Assert.Equal(0, output.Cancels);
    }

    [Fact]
    public void A_wait_that_begins_while_the_timer_is_set_has_its_whole_time()
    {
        sends.Begin(After);
        clock.Advance(TimeSpan.FromMilliseconds(40));
        sends.End();
        sends.Begin(After);

        clock.Advance(TimeSpan.FromMilliseconds(49));
        Assert.Equal(0, output.Cancels);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, output.Cancels);
    }

    [Fact]
    public void A_short_wait_after_a_long_one_does_not_wait_for_the_other_ones_end()
    {
        sends.Begin(TimeSpan.FromSeconds(2));
        sends.End();
        sends.Begin(After);

        clock.Advance(After);
        Assert.Equal(1, output.Cancels);
    }

    [Fact]
    public void Nothing_is_cancelled_after_the_end_and_no_timer_is_left()
    {
        sends.Begin(After);
        sends.Dispose();
        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(0, output.Cancels);
        Assert.Equal(0, clock.ArmedTimers);
    }

    private sealed class Output : PipeWriter
    {
        public int Cancels { get; private set; }

        public override void CancelPendingFlush() => Cancels++;

        public override void Advance(int bytes) => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

        public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();
    }
}
