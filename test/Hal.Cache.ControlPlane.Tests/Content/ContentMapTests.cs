using System.Text;
using Hal.Cache.ControlPlane.Content;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Tests.Content;

public sealed class ContentMapTests
{
    [Fact]
    public void A_map_is_what_a_plain_dictionary_is_after_any_changes()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var map = new ContentMap();
            var model = new Dictionary<(int Instance, string Key), (long Size, long Version)>();
            for (var step = 0; step < 20_000; step++)
            {
                var instance = random.Next(5);
                // Long keys at times, so that pages of keys are filled and copied.
                var key = $"{random.Next(500)}".PadLeft(random.Next(8) == 0 ? 300 : 8, 'k');
                var bytes = Encoding.UTF8.GetBytes(key);
                if (random.Next(100) < (step % 4000 < 2000 ? 70 : 20))
                {
                    var held = ((long)random.Next(1000), (long)step);
                    map.Set(instance, bytes, 0, HashSlot.Of(bytes), held.Item1, held.Item2);
                    model[(instance, key)] = held;
                }
                else
                {
                    var change = map.Remove(instance, bytes, 0);
                    Assert.True(change.BeforeBytes == (model.Remove((instance, key), out var had) ? had.Size : -1), $"seed {seed}, step {step}");
                }
                if (random.Next(5000) == 0)
                {
                    map.DropInstance(instance);
                    foreach (var gone in model.Keys.Where(k => k.Instance == instance).ToArray()) model.Remove(gone);
                }
            }

            Assert.True(model.Keys.Select(k => k.Key).Distinct().Count() == map.Keys, $"seed {seed}");
            foreach (var ((instance, key), held) in model)
            {
                var copy = map.CopyOf(map.Find(Encoding.UTF8.GetBytes(key), 0), instance);
                Assert.True(copy != 0 && (map.CopyAt(copy).SizeBytes, map.CopyAt(copy).Version) == held, $"seed {seed}, key {key}");
            }
            for (var instance = 0; instance < 5; instance++)
            {
                var own = model.Where(m => m.Key.Instance == instance).ToArray();
                var digest = own.Aggregate(0UL, (sum, m) => sum + EntryDigest.Of(EntryDigest.OfKey(Encoding.UTF8.GetBytes(m.Key.Key), 0), m.Value.Size, m.Value.Version));
                Assert.True((map.Share(instance)?.Digest ?? 0) == digest, $"seed {seed}, digest of {instance}");
                Assert.True((map.Share(instance)?.SizeBytes ?? 0) == own.Sum(m => m.Value.Size), $"seed {seed}, bytes of {instance}");
            }
        }
    }

    [Fact]
    public void Keys_differ_by_database_and_one_may_be_empty()
    {
        var map = new ContentMap();
        map.Set(0, "k"u8, 0, 1, 10, 1);
        map.Set(0, "k"u8, 1, 1, 20, 1);
        map.Set(0, ""u8, 0, 0, 30, 1);

        Assert.Equal(3, map.Keys);
        Assert.Equal(20, map.CopyAt(map.CopyOf(map.Find("k"u8, 1), 0)).SizeBytes);
        Assert.Equal(30, map.CopyAt(map.CopyOf(map.Find(""u8, 0), 0)).SizeBytes);
        Assert.Equal(0, map.Find("k"u8, 2));
    }
}
