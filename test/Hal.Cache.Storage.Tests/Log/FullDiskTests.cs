using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

// Trap 3: a full disk is an error to who waits, and no loss.
public sealed class FullDiskTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Commit_on_a_full_disk_fails_with_NoRoom_and_succeeds_when_there_is_space()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        await TruncationTests.FillAsync(host, 0, 10);
        var told = new TaskCompletionSource<LogHealth>();
        host.Log.HealthChanged += health => told.TrySetResult(health);
        host.Files.QuotaBytes = 777;

        var address = await host.AppendAsync(10, 5000);
        var error = await host.Log.WaitForCommitAsync(address, default).AsTask().WaitAsync(LogHost.Patience);
        Assert.Equal(CacheErrorCode.NoRoom, error?.Code);
        Assert.Equal(LogState.DiskFull, (await told.Task.WaitAsync(LogHost.Patience)).State);
        Assert.False(host.Log.HasRoom);
        var header = default(RecordHeader);
        Assert.False(host.Log.TryAppend(ref header, [1], [2], out _));
        Assert.Equal(CacheErrorCode.NoRoom, (await host.Log.WaitForRoomAsync(default))?.Code);
        Assert.Equal(CacheErrorCode.NoRoom, (await host.Log.CommitAsync(default))?.Code);
        await host.AssertReadsAsync(64, 0, 5000); // what is written stays readable

        host.Files.QuotaBytes = long.MaxValue;
        host.Time.Advance(LogHost.Options().RetryInterval);
        await LogHost.UntilAsync(() => host.Log.Health.State == LogState.Ok);
        await host.AppendAsync(11, 5000);
        await host.CommitAsync();

        await using var crashed = LogHost.Open(temp.CopyOf(host.Data.Path, "crash"));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => (long)i), crashed.Scan().Numbers);
    }

    [Fact]
    public async Task Full_disk_under_many_writers_hangs_nobody_and_loses_nothing_acknowledged()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        host.Files.QuotaBytes = 500_000;
        var acknowledged = new System.Collections.Concurrent.ConcurrentBag<long>();
        var refused = 0;
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var (key, value) = LogHost.Content(writer * 1000 + i, 3000);
                while (true)
                {
                    var header = new RecordHeader { Kind = RecordKind.Value, Version = writer * 1000 + i };
                    var error = await host.Log.WaitForRoomAsync(default).AsTask().WaitAsync(LogHost.Patience);
                    if (error is null && host.Log.TryAppend(ref header, key, value, out var address))
                    {
                        error = await host.Log.WaitForCommitAsync(address, default).AsTask().WaitAsync(LogHost.Patience);
                        if (error is null)
                        {
                            acknowledged.Add(header.Version);
                            break;
                        }
                    }

                    if (error is null)
                        continue;
                    Assert.Equal(CacheErrorCode.NoRoom, error.Code);
                    if (Interlocked.Increment(ref refused) == 50)
                        host.Files.QuotaBytes = long.MaxValue; // somebody made space
                    host.Time.Advance(LogHost.Options().RetryInterval);
                    await Task.Yield();
                }
            }
        })).ToList();
        await Task.WhenAll(writers).WaitAsync(LogHost.Patience);

        Assert.True(refused >= 50 && acknowledged.Count == 800);
        await using var crashed = LogHost.Open(temp.CopyOf(host.Data.Path, "crash"));
        var scan = crashed.Scan();
        Assert.Empty(scan.Damage);
        Assert.Empty(acknowledged.Except(scan.Numbers));
    }

    [Fact]
    public async Task Failing_device_is_Failed_until_its_writes_succeed_again()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        host.Files.WritesFail = true;

        var address = await host.AppendAsync(1, 100);
        var error = await host.Log.WaitForCommitAsync(address, default).AsTask().WaitAsync(LogHost.Patience);

        Assert.Equal(CacheErrorCode.Unavailable, error?.Code);
        Assert.Equal(LogState.Failed, host.Log.Health.State);
        host.Files.WritesFail = false;
        host.Time.Advance(LogHost.Options().RetryInterval);
        await LogHost.UntilAsync(() => host.Log.Health.State == LogState.Ok);
        await host.CommitAsync();
        await host.AssertReadsAsync(address, 1, 100);
    }

    [Fact]
    public async Task Failing_sync_is_never_taken_for_a_commit_afterwards()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        host.Files.SyncFails = true;
        var address = await host.AppendAsync(1, 100);

        var told = new CommitListener();
        host.Log.TellCommitted(address, told);
        var first = await host.Log.WaitForCommitAsync(address, default).AsTask().WaitAsync(LogHost.Patience);
        host.Files.SyncFails = false; // as the kernel does: the next one succeeds, without the lost pages
        host.Time.Advance(TimeSpan.FromMinutes(1));
        var second = await host.Log.WaitForCommitAsync(address, default).AsTask().WaitAsync(LogHost.Patience);

        Assert.Equal(CacheErrorCode.Unavailable, first?.Code);
        Assert.Equal(CacheErrorCode.Unavailable, second?.Code);
        Assert.Equal(CacheErrorCode.Unavailable, (await told.Heard.WaitAsync(LogHost.Patience))?.Code);
        Assert.Equal(LogState.Failed, host.Log.Health.State);
        Assert.True(host.Log.CommittedUntil <= address);
    }

    [Fact]
    public async Task Reserve_holds_writers_back_before_the_disk_is_full_and_lets_commits_and_truncation_go_on()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        await TruncationTests.FillAsync(host, 0, 30);
        Volatile.Write(ref host.Files.Free, 1000);

        await TruncationTests.FillAsync(host, 30, 60); // the next segment looks at the free space
        await LogHost.UntilAsync(() => !host.Log.HasRoom);

        Assert.Equal(LogState.DiskFull, host.Log.Health.State);
        Assert.Equal(CacheErrorCode.NoRoom, (await host.Log.WaitForRoomAsync(default))?.Code);
        await host.AppendAsync(60, 100); // reclaim's own appends are taken
        await host.CommitAsync();
        Volatile.Write(ref host.Files.Free, long.MaxValue);
        _ = host.Log.TruncateAsync(host.Log.SegmentBytes);
        await LogHost.UntilAsync(() => host.Log.HasRoom);
        Assert.Equal(LogState.Ok, host.Log.Health.State);
    }

    [Fact]
    public async Task Truncation_that_a_full_disk_held_up_goes_on_by_itself()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        await TruncationTests.FillAsync(host, 0, 60);
        host.Files.QuotaBytes = 0;
        await host.AppendAsync(60, 100);

        _ = host.Log.TruncateAsync(host.Log.SegmentBytes);
        await LogHost.UntilAsync(() => host.Log.Health.State == LogState.DiskFull);
        Assert.Equal(64, host.Log.BeginAddress);
        host.Files.QuotaBytes = long.MaxValue;
        host.Time.Advance(LogHost.Options().RetryInterval);

        await LogHost.UntilAsync(() => host.Log.BeginAddress == host.Log.SegmentBytes);
    }

    [Fact]
    public async Task Writers_wait_for_room_when_the_device_is_slow_and_go_on_after()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        using var entered = new SemaphoreSlim(0);
        using var released = new ManualResetEventSlim();
        host.Files.OnSync = () =>
        {
            entered.Release();
            released.Wait(LogHost.Patience);
        };
        var commit = host.Log.WaitForCommitAsync(await host.AppendAsync(0, 100), default).AsTask();
        Assert.True(await entered.WaitAsync(LogHost.Patience));
        var appended = 1;
        while (host.Log.HasRoom)
            await host.AppendAsync(appended++, 5000);
        var header = new RecordHeader { Kind = RecordKind.Value, Version = appended };
        var (key, value) = LogHost.Content(appended, 5000);
        while (host.Log.TryAppend(ref header, key, value, out _))
            (key, value) = LogHost.Content(header.Version = ++appended, 5000);

        var room = host.Log.WaitForRoomAsync(default).AsTask();
        Assert.False(room.IsCompleted);
        released.Set();
        Assert.Null(await room.WaitAsync(LogHost.Patience));
        Assert.Null(await commit.WaitAsync(LogHost.Patience));
        await host.CommitAsync();

        Assert.Equal(Enumerable.Range(0, appended).Select(i => (long)i), host.Scan().Numbers);
    }
}
