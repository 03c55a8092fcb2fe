using System.Text;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tests;

public sealed class ReadSamplerTests
{
    private readonly ReadSampler sampler = new();

    [Fact]
    public void Few_reads_are_all_counted_most_read_first_and_given_once()
    {
        foreach (var (key, times) in new[] { ("a", 2), ("b", 5), ("c", 1) }) Read(key, times);

        var first = sampler.Take(2).Select(r => ($"{r.Key}", r.Reads)).ToArray();

        Assert.Equal([("b", 5L), ("a", 2L)], first);
        Assert.Empty(sampler.Take(10));
    }

    [Fact]
    public void Many_reads_are_sampled_in_bounded_memory_and_their_counts_stay_about_right()
    {
        for (int round = 0; round < 20_000; round++)
        {
            Read("hot", 4);
            Read($"cold:{round}", 1);
        }

        var taken = sampler.Take(10_000);

        Assert.Equal("hot", $"{taken[0].Key}");
        Assert.InRange(taken[0].Reads, 60_000, 100_000);
        Assert.InRange(taken.Sum(r => r.Reads), 80_000, 120_000);
        Assert.InRange(taken.Count, 1, ReadSampler.SamplesMax * Environment.ProcessorCount * 2);
    }

    [Fact]
    public void After_a_rush_every_read_counts_again()
    {
        Read("rush", 100_000);
        for (int i = 0; i < 12; i++) sampler.Take(1);

        Read("a", 3);

        Assert.Equal([3L], sampler.Take(10).Select(r => r.Reads));
    }

    [Fact]
    public void A_key_in_another_database_is_another_and_one_that_is_too_long_is_left_out()
    {
        Read("a", 1);
        Read("a", 1, database: 2);
        Read(new string('x', ReadSampler.KeyBytesMax + 1), 1);

        Assert.Equal(["a", "a (database 2)"], sampler.Take(10).Select(r => $"{r.Key}").Order(StringComparer.Ordinal));
    }

    private void Read(string key, int times, int database = 0)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        for (int i = 0; i < times; i++) sampler.Read(new BlobKey(database, bytes, 0));
    }
}
