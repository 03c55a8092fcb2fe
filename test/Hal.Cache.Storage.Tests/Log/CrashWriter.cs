using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>Appends, commits, reclaims, and prints each number that is acknowledged, until it is killed.</summary>
internal static class CrashWriter
{
    private const int Writers = 8;

    public static int LengthOf(long number) => (int)(number * 7919 % 3000);

    public static async Task<int> RunAsync(string directory, long first)
    {
        var host = LogHost.Open(directory);
        var next = first - 1;
        using var reclaiming = new SemaphoreSlim(1);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var number = Interlocked.Increment(ref next);
                var address = await host.AppendAsync(number, LengthOf(number));
                if (await host.Log.WaitForCommitAsync(address, CancellationToken.None) is null)
                    Console.WriteLine(number);
                if (number % 50 != 0 || !await reclaiming.WaitAsync(0))
                    continue;
                await CopyOldestAsync(host);
                reclaiming.Release();
            }
        })));
        return 0;
    }

    // All of the oldest segment goes to the tail, so that a crash at any point of a truncation would be seen as a loss.
    private static async Task CopyOldestAsync(LogHost host)
    {
        var until = (host.Log.BeginAddress / host.Log.SegmentBytes + 1) * host.Log.SegmentBytes;
        if (until > host.Log.CommittedUntil)
            return;
        foreach (var record in host.Scan(to: until).Records)
            await host.AppendAsync(record.Number, record.ValueLength);
        _ = host.Log.TruncateAsync(until);
    }
}
