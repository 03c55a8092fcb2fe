using Hal.Cache.Coherence.Directory;

namespace Hal.Cache.Coherence.Tests;

public sealed class HolderDirectoryTests
{
    [Fact]
    public void Directory_agrees_with_a_dictionary_of_stamps_whatever_happens()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        var directory = new HolderDirectory();
        var model = new Dictionary<(KeyId, ushort), uint>();
        var taken = new List<ushort>();
        for (var step = 0; step < 200_000; step++)
        {
            var key = new KeyId((ulong)random.Next(2000) * 0x9E3779B97F4A7C15, (ushort)random.Next(2));
            var session = (ushort)random.Next(1, 9);
            var stamp = (uint)random.Next(100);
            switch (random.Next(10))
            {
                case < 6:
                    directory.Add(key, session, stamp);
                    model[(key, session)] = Math.Max(model.GetValueOrDefault((key, session)), stamp);
                    break;
                case < 9:
                    var removable = model.TryGetValue((key, session), out var had) && had <= stamp;
                    Assert.True(removable == directory.Remove(key, session, stamp), $"step {step} of seed {Seed}");
                    if (removable) model.Remove((key, session));
                    break;
                default:
                    taken.Clear();
                    directory.Take(key, taken);
                    var expected = model.Keys.Where(k => k.Item1 == key).ToArray();
                    Assert.Equal(expected.Select(k => k.Item2).Order(), taken.Order());
                    foreach (var gone in expected) model.Remove(gone);
                    break;
            }
        }

        Assert.Equal(model.Count, directory.Holders);
        Assert.Equal(model.Keys.Select(k => k.Item1).Distinct().Count(), directory.Count);
    }

    [Fact]
    public void A_key_costs_about_forty_bytes_and_a_further_holder_few()
    {
        const int Keys = 1_000_000;
        var directory = new HolderDirectory();
        var random = new Random(1);
        var keys = new KeyId[Keys];
        for (var i = 0; i < Keys; i++) directory.Add(keys[i] = new KeyId((ulong)random.NextInt64(), 0), 1, 1);
        var single = (double)directory.Bytes / Keys;
        foreach (var key in keys) directory.Add(key, 2, 1);
        var both = (double)directory.Bytes / Keys;

        Assert.InRange(single, 28, 48);
        Assert.InRange(both - single, 10, 16);
    }
}
