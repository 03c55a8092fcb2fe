using Hal.Cache.Contracts.Storage;
using Xunit;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>Seeded random commands on objects and strings of few keys, and what a store must hold after them. Several models may share a store, each with keys of its own.</summary>
public sealed class ObjectModel(int seed, string prefix = "key", int valueBytesMax = 2000, bool packs = false)
{
    private const int Keys = 60;

    private readonly Random random = new(seed);
    private readonly Dictionary<string, object> model = [];

    /// <summary>Number of keys that there must be.</summary>
    public int Count => model.Count;

    public async Task RunAsync(IBlobStore store, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            string key = $"{prefix}{random.Next(Keys)}";
            switch (random.Next(100))
            {
                case < 8:
                    await PutAsync(store, key);
                    break;
                case < 11:
                    var bytes = new byte[random.Next(4) == 0 ? random.Next(100_000) : random.Next(500)];
                    random.NextBytes(bytes);
                    await store.SetAsync(key, bytes);
                    model[key] = bytes;
                    break;
                case < 14:
                    Assert.True(store.Delete(key) == model.Remove(key), $"seed {seed}, step {step}: DEL {key}");
                    break;
                case < 18:
                    await MoveAsync(store, key, $"{prefix}{random.Next(Keys)}");
                    break;
                case < 21:
                    await CheckAsync(store, key, $"seed {seed}, step {step}");
                    break;
                case 21:
                    Assert.Null(await store.SaveAsync(default));
                    break;
                default:
                    await ChangeAsync(store, key, step);
                    break;
            }
        }
    }

    public async Task CheckAsync(IBlobStore store, string where)
    {
        for (int key = 0; key < Keys; key++)
            await CheckAsync(store, $"{prefix}{key}", where);
        Assert.True(store.Statistics.Corrupt == 0, $"{where}: {store.Statistics.Corrupt} corrupt");
    }

    private async Task PutAsync(IBlobStore store, string key)
    {
        var mine = new Multimap();
        var theirs = new Multimap { IsPackable = packs };
        int values = random.Next(8) == 0 ? random.Next(600) : random.Next(20); // up to 1.2 MB
        for (int index = 0; index < values; index++)
            Fill(RandomAppend(valueBytesMax));
        await store.PutObjectAsync(key, theirs);
        model[key] = mine;

        void Fill(byte[] change)
        {
            mine.TryApply(change);
            theirs.TryApply(change);
        }
    }

    private async Task MoveAsync(IBlobStore store, string from, string to)
    {
        if (from == to || model.GetValueOrDefault(from) is not Multimap moved)
            return;
        await store.MoveAsync(from, to);
        model.Remove(from);
        model[to] = moved;
    }

    private async Task ChangeAsync(IBlobStore store, string key, int step)
    {
        var map = model.GetValueOrDefault(key) as Multimap;
        byte[] change = map is { Count: > 0 } && random.Next(5) == 0 ? Multimap.Remove(map.AnyKey(random))
            : RandomAppend(random.Next(500) == 0 ? 600_000 : random.Next(10) == 0 ? 5000 : 100);
        Assert.True(await store.ChangeAsync(key, change) == (map?.TryApply(change) ?? false), $"seed {seed}, step {step}: change of {key}");
    }

    private byte[] RandomAppend(int bytes)
    {
        var value = new byte[random.Next(bytes)];
        random.NextBytes(value);
        return Multimap.Append($"x{random.Next(40)}", value);
    }

    private async Task CheckAsync(IBlobStore store, string key, string where)
    {
        Multimap? map = await store.GetObjectAsync(key);
        object? expected = model.GetValueOrDefault(key);
        byte[]? found = expected is byte[] ? await store.GetAsync(key) : null;
        if (expected is byte[] bytes)
            Assert.True(bytes.AsSpan().SequenceEqual(found), $"{where}: {key}, a string of {bytes.Length}");
        else if (expected is Multimap held)
            Assert.True(map != null && held.IsSame(map), $"{where}: {key}, an object of {held.Count} keys, found {map?.Count}");
        else
            Assert.True(map == null, $"{where}: {key} is there");
    }
}
