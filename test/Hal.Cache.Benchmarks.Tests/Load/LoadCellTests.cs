using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Tests.Load;

public sealed class LoadCellTests
{
    [Fact]
    public void Matrix_has_every_size_pipeline_and_verb_of_the_public_client()
    {
        var names = LoadCell.All.Where(cell => cell.Client == LoadClient.RedisBenchmark).Select(cell => cell.Name).ToList();

        string[] small = ["16 B", "1 KiB", "64 KiB"];
        var expected = small.SelectMany(size => new[] { 1, 16, 64 }.Select(pipeline => (size, pipeline)))
            .Concat(new[] { 1, 16 }.Select(pipeline => ("1 MiB", pipeline)))
            .SelectMany(cell => new[] { $"GET {cell.Item1} P{cell.Item2}", $"SET {cell.Item1} P{cell.Item2}" });
        Assert.Equal(expected.Order(), names.Order());
    }

    [Fact]
    public void Names_are_unique_because_causes_are_kept_under_them() =>
        Assert.Equal(LoadCell.All.Count, LoadCell.All.Select(cell => cell.Name).Distinct().Count());

    [Theory]
    [InlineData(16, 100_000)]
    [InlineData(1024, 100_000)]
    [InlineData(65_536, 3_906)]
    [InlineData(1 << 20, 244)]
    public void Key_space_is_bounded_in_keys_and_bytes(int valueBytes, int keys) =>
        Assert.Equal(keys, KeySpace.KeysFor(valueBytes));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(999_999)]
    public void Digits_are_written_as_the_public_client_writes_them(int number)
    {
        var key = "key:000000000000"u8.ToArray();

        KeySpace.WriteDigits(key, number);

        Assert.Equal(KeySpace.Key(number), System.Text.Encoding.ASCII.GetString(key));
        Assert.Equal(KeySpace.KeyBytes, key.Length);
    }
}
