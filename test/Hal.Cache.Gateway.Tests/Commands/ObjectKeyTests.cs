using Hal.Cache.ContractSuites.Storage;

namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>Commands on whole keys, where the value is an object.</summary>
public sealed class ObjectKeyTests
{
    [Fact]
    public async Task Rename_moves_the_structure_itself_with_its_expiry()
    {
        await using StringHost host = Open();
        Multimap map = await PutAsync(host);
        await host.LineAsync("PEXPIREAT k 9999999999999");
        await host.LineAsync("SET to x");

        Assert.Equal("+OK", (await host.LineAsync("RENAME k to")).Trim());

        Assert.Equal("+hash", (await host.LineAsync("TYPE to")).Trim());
        Assert.Equal(":9999999999999", (await host.LineAsync("PEXPIRETIME to")).Trim());
        Assert.Equal(":0", (await host.LineAsync("EXISTS k")).Trim());
        Assert.Equal(":1", (await host.LineAsync("RENAMENX to k")).Trim());
        await host.Store.ChangeAsync("k", Multimap.Append("a", "2"u8));
        Assert.Equal(2, map["a"].Count);
    }

    [Fact]
    public async Task Move_takes_it_to_another_database()
    {
        await using StringHost host = Open();
        Multimap map = await PutAsync(host);
        Assert.Equal(":1", (await host.LineAsync("MOVE k 3")).Trim());

        Assert.Null(await host.Store.GetObjectAsync("k"));
        Assert.True(map.IsSame((await host.Store.GetObjectAsync("k", database: 3))!));
    }

    [Fact]
    public async Task Copy_makes_a_structure_apart()
    {
        await using StringHost host = Open();
        Multimap map = await PutAsync(host);
        Assert.Equal(":1", (await host.LineAsync("COPY k copy")).Trim());
        await host.Store.ChangeAsync("copy", Multimap.Append("b", "2"u8));

        Assert.Equal(1, map.Count);
        Assert.Equal(2, (await host.Store.GetObjectAsync("copy"))!.Count);
    }

    [Fact]
    public async Task Strings_and_objects_are_not_taken_for_each_other()
    {
        await using StringHost host = Open();
        Multimap map = await PutAsync(host);
        Assert.StartsWith("-WRONGTYPE", await host.LineAsync("GET k"), StringComparison.Ordinal);
        Assert.StartsWith("-WRONGTYPE", await host.LineAsync("APPEND k x"), StringComparison.Ordinal);
        Assert.Equal("+OK", (await host.LineAsync("SET k x")).Trim());
        Assert.Equal("+string", (await host.LineAsync("TYPE k")).Trim());
        Assert.Equal(1, map.Freed);
    }

    private static StringHost Open() => new(new MultimapCodec());

    private static async Task<Multimap> PutAsync(StringHost host)
    {
        var map = new Multimap();
        map.TryApply(Multimap.Append("a", "1"u8));
        await host.Store.PutObjectAsync("k", map);
        return map;
    }
}
