using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Tests.Log;

namespace Hal.Cache.Storage.Tests;

/// <summary>What a store tells its host of damage in its log.</summary>
public sealed class DamageToldTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Damage_is_told_once_at_the_start_with_its_count_and_first_address()
    {
        var told = new List<LogDamage>();
        await using (IBlobStore store = Open(StoreDurability.Commit, told.Add))
        {
            foreach (string mark in new[] { "older", "FIRST-MARK", "between", "SECOND-MARK" })
                await store.SetAsync("k", Encoding.ASCII.GetBytes(mark));
        }

        long first = Damage("FIRST-MARK");
        Damage("SECOND-MARK");
        await using IBlobStore again = Open(StoreDurability.Commit, told.Add);

        Assert.Equal("between"u8.ToArray(), await again.GetAsync("k"));
        LogDamage damage = Assert.Single(told);
        Assert.Equal((2, true), (damage.Places, damage.AtStart));
        Assert.InRange(damage.FirstAddress, 1, first);
        Assert.Equal(2, again.Statistics.Corrupt);
    }

    [Fact]
    public async Task Damage_is_told_when_its_segment_is_reclaimed()
    {
        var told = new TaskCompletionSource<LogDamage>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IBlobStore store = Open(StoreDurability.Interval, damage => told.TrySetResult(damage));
        var value = new byte[16 << 10];
        await store.SetAsync("live", [1]); // a segment without anything live is not walked
        await store.SetAsync("hurt", "SOME-MARK"u8.ToArray());
        for (int i = 0; i < 2000; i++)
            await store.SetAsync($"k{i % 500}", value);
        Damage("SOME-MARK");
        for (int i = 0; i < 40_000 && !told.Task.IsCompleted; i++)
            await store.SetAsync($"k{i % 500}", value);

        LogDamage damage = await told.Task.WaitAsync(Patience);

        Assert.Equal((1, false), (damage.Places, damage.AtStart));
    }

    private long Damage(string mark)
    {
        foreach (string path in Directory.EnumerateFiles(Path.Combine(temp.Sub("a"), "log"), "*.log"))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(mark));
            if (at < 0)
                continue;
            file.Position = at;
            file.WriteByte((byte)'x');
            return at;
        }

        Assert.Fail($"{mark} is not in the log");
        return 0;
    }

    private IBlobStore Open(StoreDurability durability, Action<LogDamage> told)
    {
        var options = new BlobStoreOptions
        {
            Directory = temp.Sub("a"), MemoryBytes = 128 << 20, DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = durability, Damaged = told,
        };
        return BlobStores.Open(options, new KeepRecentPolicy(true), TimeProvider.System).Value;
    }
}
