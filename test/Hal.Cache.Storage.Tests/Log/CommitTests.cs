using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

public sealed class CommitTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task WaitForCommit_completes_only_after_the_sync()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        using var entered = new SemaphoreSlim(0);
        using var released = new ManualResetEventSlim();
        host.Files.OnSync = () =>
        {
            entered.Release();
            released.Wait(LogHost.Patience);
        };
        var address = await host.AppendAsync(1, 100);

        var commit = host.Log.WaitForCommitAsync(address, default).AsTask();
        Assert.True(await entered.WaitAsync(LogHost.Patience));
        var told = new CommitListener();
        host.Log.TellCommitted(address, told);
        Assert.False(commit.IsCompleted || told.Heard.IsCompleted);
        Assert.True(host.Log.CommittedUntil <= address);
        released.Set();

        Assert.Null(await commit.WaitAsync(LogHost.Patience));
        Assert.True(host.Log.CommittedUntil > address);
        Assert.Null(await told.Heard.WaitAsync(LogHost.Patience));
        Assert.True(host.Log.WaitForCommitAsync(address, default).AsTask().IsCompletedSuccessfully);
        var toldAtOnce = new CommitListener();
        host.Log.TellCommitted(address, toldAtOnce);
        Assert.True(toldAtOnce.Heard.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Waiters_of_one_moment_share_one_sync()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        using var entered = new SemaphoreSlim(0);
        using var released = new ManualResetEventSlim();
        host.Files.OnSync = () =>
        {
            entered.Release();
            released.Wait(LogHost.Patience);
        };
        var before = host.Files.Syncs;
        var first = host.Log.WaitForCommitAsync(await host.AppendAsync(0, 10), default).AsTask();
        Assert.True(await entered.WaitAsync(LogHost.Patience));

        var waiters = new List<Task<CacheError?>>();
        for (var i = 1; i <= 1000; i++)
            waiters.Add(host.Log.WaitForCommitAsync(await host.AppendAsync(i, 10), default).AsTask());
        Assert.DoesNotContain(waiters, waiter => waiter.IsCompleted);
        released.Set();
        await Task.WhenAll(waiters.Append(first)).WaitAsync(LogHost.Patience);

        Assert.Equal(2, host.Files.Syncs - before);
    }

    [Fact]
    public async Task Commit_of_many_threads_at_once_leaves_nobody_waiting()
    {
        await using var host = LogHost.Open(temp.Sub("a"));

        await Task.WhenAll(Enumerable.Range(0, 64).Select(thread => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                var address = await host.AppendAsync(thread * 100 + i, 50);
                Assert.Null(await host.Log.WaitForCommitAsync(address, default).AsTask().WaitAsync(LogHost.Patience));
                Assert.True(host.Log.CommittedUntil > address);
            }
        })));

        Assert.Equal(3200, host.Scan().Records.Count);
    }

    [Fact]
    public async Task Interval_commits_when_the_clock_says_so()
    {
        await using var host = LogHost.Open(temp.Sub("a"), LogHost.Options(LogDurability.Interval));
        var syncs = host.Files.Syncs;
        var address = await host.AppendAsync(1, 100);
        Assert.Equal(syncs, host.Files.Syncs);

        host.Time.Advance(TimeSpan.FromSeconds(1));

        await LogHost.UntilAsync(() => host.Log.CommittedUntil > address);
        Assert.Equal(syncs + 1, host.Files.Syncs);
    }

    [Fact]
    public async Task None_commits_only_when_asked()
    {
        await using var host = LogHost.Open(temp.Sub("a"), LogHost.Options(LogDurability.None));
        var syncs = host.Files.Syncs;
        for (var i = 0; i < 100; i++)
            await host.AppendAsync(i, 5000);
        host.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(syncs, host.Files.Syncs);

        await host.CommitAsync();

        Assert.True(host.Log.CommittedUntil == host.Log.TailAddress);
    }

    [Fact]
    public async Task Cancelled_waiter_leaves_the_others_their_commit()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        using var entered = new SemaphoreSlim(0);
        using var released = new ManualResetEventSlim();
        host.Files.OnSync = () =>
        {
            entered.Release();
            released.Wait(LogHost.Patience);
        };
        using var cancel = new CancellationTokenSource();
        var address = await host.AppendAsync(1, 100);

        var cancelled = host.Log.WaitForCommitAsync(address, cancel.Token).AsTask();
        var patient = host.Log.WaitForCommitAsync(address, default).AsTask();
        Assert.True(await entered.WaitAsync(LogHost.Patience));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        released.Set();

        Assert.Null(await patient.WaitAsync(LogHost.Patience));
    }

    [Fact]
    public async Task Dispose_commits_what_was_appended()
    {
        await using (var host = LogHost.Open(temp.Sub("a"), LogHost.Options(LogDurability.None)))
            await host.AppendAsync(1, 100);

        await using var again = LogHost.Open(temp.Sub("a"));
        Assert.Equal([1], again.Scan().Numbers);
    }

    [Fact]
    public async Task Crash_leaves_a_committed_prefix_at_every_moment()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        for (var moment = 0; moment < 5; moment++)
        {
            for (var i = 0; i < 40; i++)
                await host.AppendAsync(moment * 100 + i, 2000);
            await host.CommitAsync();
            var committed = host.Scan().Numbers.ToList();
            await host.AppendAsync(moment * 100 + 40, 2000); // not committed

            await using var crashed = LogHost.Open(temp.CopyOf(host.Data.Path, $"crash{moment}"));

            Assert.Equal(committed, crashed.Scan().Numbers.Take(committed.Count));
            await crashed.AppendAsync(9999, 10);
            await crashed.CommitAsync();
            Assert.Contains(9999, crashed.Scan().Numbers);
        }
    }

    [Theory]
    [InlineData(60)]
    [InlineData(900)] // a sector's end falls into a record
    [InlineData(4096 - 64 - 4 - 8)]
    public async Task What_is_committed_within_a_sector_stays_whatever_follows_in_it(int valueLength)
    {
        const int opens = 12, records = 7;
        var path = temp.Sub("sectors");
        long number = 0;
        for (var open = 0; open < opens; open++)
        {
            await using var host = LogHost.Open(path);
            Assert.Equal(0, host.Log.Recovery.CutBytes);
            Assert.Equal(Enumerable.Range(0, (int)number).Select(one => (long)one), host.Scan().Numbers);
            for (var record = 0; record < records; record++, number++)
            {
                var address = await host.AppendAsync(number, valueLength);
                await host.CommitAsync();
                await host.AssertReadsAsync(address, number, valueLength);
            }
        }

        await using var last = LogHost.Open(path);
        Assert.Empty(last.Scan().Damage);
        Assert.Equal(number, last.Scan().Records.Count);
    }
}
