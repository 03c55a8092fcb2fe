using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Storage.Tests;

public sealed class HolderLogTests : IDisposable
{
    private readonly TempDirectory directory = new("holders");

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Who_is_added_is_known_to_the_next_life()
    {
        HolderLog log = Open(1, 2);
        Assert.True(log.TryAdd(2));
        Assert.Empty(log.Known!);

        Assert.Equal([1, 2], Known());
    }

    [Fact]
    public void Only_those_of_this_life_are_known_to_the_next_one_once_the_earlier_are_forgotten()
    {
        Open(1, 2, 3);

        HolderLog log = Open(2, 4);
        log.ForgetEarlier();
        Assert.True(log.TryAdd(5));

        Assert.Equal([2, 4, 5], Known());
        Open().ForgetEarlier();
        Assert.Empty(Known()!);
    }

    [Fact]
    public void A_damaged_list_is_whole_again_once_the_earlier_are_forgotten()
    {
        Open(1, 2);
        string path = Path.Combine(directory.Path, "hal-holders");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[0] ^= 1;
        File.WriteAllBytes(path, bytes);

        HolderLog log = Open(7);
        Assert.Null(log.Known);
        log.ForgetEarlier();

        Assert.Equal([7], Known());
    }

    private HolderLog Open(params ulong[] added)
    {
        var log = new HolderLog(directory.Path);
        foreach (ulong instance in added)
            Assert.True(log.TryAdd(instance));
        return log;
    }

    private IEnumerable<ulong>? Known() => new HolderLog(directory.Path).Known?.Order();
}
