using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>Appends, reads, reclaims, crashes and restarts at random, against a dictionary; small records and pages, so that all meet.</summary>
public sealed class RandomModelTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Log_agrees_with_a_dictionary(int seed)
    {
        var random = new Random(seed);
        var path = temp.Sub("run0");
        var host = LogHost.Open(path);
        var model = new Dictionary<long, (long Address, int Length)>();
        var committed = new Dictionary<long, (long Address, int Length)>();
        long next = 0;
        var runs = 0;
        try
        {
            for (var step = 0; step < 2000; step++)
            {
                switch (random.Next(1000))
                {
                    case < 600:
                        var length = random.Next(20) == 0 ? random.Next(65_000) : random.Next(2000);
                        model[next] = (await host.AppendAsync(next, length), length);
                        next++;
                        break;
                    case < 800 when model.Count > 0:
                        var number = model.Keys.ElementAt(random.Next(model.Count));
                        await host.AssertReadsAsync(model[number].Address, number, model[number].Length);
                        break;
                    case < 900:
                        await host.CommitAsync();
                        committed = new(model);
                        break;
                    case < 980 when host.Log.CommittedUntil - host.Log.BeginAddress > 3 * host.Log.SegmentBytes:
                        await ReclaimAsync(host, model, random);
                        await host.CommitAsync();
                        committed = new(model);
                        break;
                    case < 990:
                        await host.DisposeAsync();
                        host = LogHost.Open(path);
                        committed = new(model);
                        Compare(host, model);
                        break;
                    case < 998:
                        // A crash: what was committed is there; what was not, may be.
                        var left = temp.CopyOf(path, $"run{++runs}");
                        await host.DisposeAsync();
                        Directory.Delete(path, recursive: true);
                        host = LogHost.Open(path = left);
                        model = Survivors(host, model, committed);
                        committed = new(model);
                        break;
                }
            }

            await host.CommitAsync();
            Compare(host, model);
            Assert.True(runs > 2 && host.Log.BeginAddress > host.Log.SegmentBytes, "the run had crashes and reclaims");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    // Half of the oldest segments' records are dropped, the others copied to the tail.
    private static async Task ReclaimAsync(LogHost host, Dictionary<long, (long Address, int Length)> model, Random random)
    {
        var until = (host.Log.BeginAddress / host.Log.SegmentBytes + 1) * host.Log.SegmentBytes;
        foreach (var (address, number, length) in host.Scan(to: until).Records)
        {
            if (!model.TryGetValue(number, out var live) || live.Address != address)
                continue;
            if (random.Next(2) == 0)
                model.Remove(number);
            else
                model[number] = (await host.AppendAsync(number, length), length);
        }

        _ = host.Log.TruncateAsync(until);
        await host.CommitAsync();
        await LogHost.UntilAsync(() => host.Files.Segments[0] * host.Log.SegmentBytes == until); // a copy of the directory must not race with it
    }

    private static Dictionary<long, (long Address, int Length)> Survivors(
        LogHost host, Dictionary<long, (long Address, int Length)> model, Dictionary<long, (long Address, int Length)> committed)
    {
        var scan = host.Scan();
        Assert.Empty(scan.Damage);
        var addresses = scan.Records.Select(record => record.Address).ToHashSet();
        Assert.All(committed, pair => Assert.Contains(pair.Value.Address, addresses));
        return model.Where(pair => addresses.Contains(pair.Value.Address)).ToDictionary();
    }

    private static void Compare(LogHost host, Dictionary<long, (long Address, int Length)> model)
    {
        var scan = host.Scan();
        Assert.Empty(scan.Damage);
        var found = scan.Records.ToDictionary(record => record.Address, record => (record.Number, record.ValueLength));
        Assert.All(model, pair => Assert.Equal((pair.Key, pair.Value.Length), found[pair.Value.Address]));
    }
}
