using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Persistence.Postgres;
using Hal.Cache.Testing.Time;
using Npgsql;

namespace Hal.Cache.Persistence.Tests.Postgres;

public sealed class PostgresRetryTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private static readonly PostgresStoreOptions Options = new() { ConnectionString = "", CallTimeMax = TimeSpan.FromSeconds(2), RetryDelay = TimeSpan.FromMilliseconds(100) };

    private readonly ManualTimeProvider clock = new();

    // What never ends, as Npgsql's wait for a server that it asks to cancel.
    private readonly TaskCompletionSource<Result<Done>> never = new();

    [Fact]
    public async Task An_answer_that_has_begun_is_waited_for_without_a_limit()
    {
        var call = RunAsync(async one =>
        {
            one.AnswerBegins();
            return await never.Task;
        });

        clock.Advance(TimeSpan.FromMinutes(1));
        never.SetResult(Done.Value);

        Assert.True((await call.WaitAsync(Bound)).IsOk);
    }

    [Fact]
    public async Task The_limit_holds_again_for_a_try_that_follows_an_answer_that_broke()
    {
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var call = RunAsync(async one =>
        {
            if (one.Number == 1)
            {
                one.AnswerBegins();
                throw new NpgsqlException("the connection broke", new IOException());
            }
            second.SetResult();
            return await never.Task;
        });
        clock.Advance(Options.RetryDelay);
        await second.Task.WaitAsync(Bound);

        clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(CacheErrorCode.Unavailable, (await call.WaitAsync(Bound)).Error?.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_cancels_does_not_wait_for_what_hears_it(bool isLimit)
    {
        using var cancellation = new CancellationTokenSource();
        using var answered = new ManualResetEventSlim();
        var call = RunAsync(
            async one =>
            {
                await using var asking = (isLimit ? one.Limit : one.Cancelled).Register(() => answered.Wait());
                return await never.Task;
            },
            cancellation.Token);

        await Task.Run(cancellation.Cancel).WaitAsync(Bound);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Bound));
        answered.Set();
        never.SetResult(Done.Value);
    }

    private Task<Result<Done>> RunAsync(Func<PostgresTry, Task<Result<Done>>> work, CancellationToken cancellation = default) =>
        new PostgresRetry(Options, clock).RunAsync(work, isLimited: true, cancellation);
}
