using System.Text;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Node.Tests.Tree;

public sealed class RootTableTests
{
    private static readonly SlotAssignment[] Thirds = [new("a", 0, 5000), new("c", 12000, 16383), new("b", 5001, 11999)];

    [Fact]
    public void A_key_is_the_business_of_the_root_that_has_its_slot()
    {
        var roots = RootTable.From(Thirds, "b");
        for (int i = 0; i < 5000; i++)
        {
            byte[] key = Encoding.ASCII.GetBytes($"key:{i}");
            SlotAssignment owner = Thirds.Single(each => HashSlots.Of(key) >= each.First && HashSlots.Of(key) <= each.Last);
            Assert.Equal(owner.Root, roots.Of(key));
            Assert.Equal(owner.Root, roots.Names[roots.IndexOf(key)]);
            foreach (SlotAssignment each in Thirds)
                Assert.Equal(each == owner, roots.Owns(each.Root, key));
        }

        Assert.Equal(roots.Of("foo"u8), roots.Of("x{foo}y"u8));
        Assert.Equal((12182, 5061, 0), (HashSlots.Of("foo"u8), HashSlots.Of("bar"u8), HashSlots.Of(""u8)));
        Assert.Equal([new SlotRange(5001, 11999)], roots.SlotsOf("b"));
    }

    [Fact]
    public void One_root_has_every_key()
    {
        var sole = RootTable.Sole("root");
        Assert.False(sole.AreSeveral);
        Assert.Equal("root", sole.Of("foo"u8));
        Assert.True(sole.Owns("root", "foo"u8));
        Assert.Equal([new SlotRange(0, 16383)], sole.SlotsOf("root"));
        Assert.False(RootTable.From([new("a", 0, 99), new("a", 100, 16383)], "a").AreSeveral);
    }

    [Fact]
    public void A_division_is_the_same_however_it_is_cut()
    {
        var cut = RootTable.From([new("b", 200, 299), new("a", 0, 99), new("b", 300, 16383), new("a", 100, 199)], "a");
        Assert.Equal([new SlotRange(0, 199)], cut.SlotsOf("a"));
        Assert.Equal([new SlotRange(200, 16383)], cut.SlotsOf("b"));
    }

    [Fact]
    public void What_is_no_division_is_told()
    {
        Assert.Null(RootTable.Problem(Thirds, "c"));
        Assert.Equal("d", RootTable.Problem(Thirds, "d")?.Value);
        Assert.Equal("0-16383", RootTable.Problem([], "a")?.Value);
        Assert.Equal("c=11000-12000", RootTable.Problem([.. Thirds, new("c", 11000, 12000)], "c")?.Value);
        Assert.Equal("a=-1-16383", RootTable.Problem([new("a", -1, 16383)], "a")?.Value);
        SlotAssignment[] many = [.. Enumerable.Range(0, 17).Select(i => new SlotAssignment($"r{i}", i * 100, i == 16 ? 16383 : (i * 100) + 99))];
        Assert.Equal("17 roots", RootTable.Problem(many, "r0")?.Value);
        Assert.Throws<ArgumentException>(() => RootTable.From([], "a"));
    }
}
