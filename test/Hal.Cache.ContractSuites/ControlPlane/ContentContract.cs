using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class ContentContract : ControlPlaneContract
{
    [Fact]
    public async Task Locate_of_a_key_that_nobody_holds_has_no_holders()
    {
        await RegisterTreeAsync();
        var location = (await Plane.Content.LocateAsync(Key("nothing"), None)).Value;

        Assert.Empty(location.Holders);
        Assert.Equal("root", location.Root);
    }

    [Fact]
    public async Task Locate_tells_every_holder_with_size_and_version()
    {
        await RegisterTreeAsync();
        await HoldAsync("root", 1, ("k", 20, 2));
        await HoldAsync("leaf-1", 1, ("k", 10, 1));
        var location = (await Plane.Content.LocateAsync(Key("k"), None)).Value;

        Assert.Equal((2L, 20L), (location.Version, location.SizeBytes));
        Assert.Equal(
            [("leaf-1", 10L, 1L), ("root", 20L, 2L)],
            location.Holders.OrderBy(h => h.Instance, StringComparer.Ordinal).Select(h => (h.Instance, h.SizeBytes, h.Version)));
    }

    [Fact]
    public async Task Locate_follows_changes_and_removals()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("k", 10, 1));
        await HoldAsync("leaf-1", 2, ("k", 30, 2));
        var changed = (await Plane.Content.LocateAsync(Key("k"), None)).Value.Holders.Single();
        await ReportAsync(Removes("leaf-1", 3, "k"));

        Assert.Equal((30L, 2L), (changed.SizeBytes, changed.Version));
        Assert.Empty(await HoldersAsync("k"));
    }

    [Fact]
    public async Task Keys_are_binary_and_belong_to_a_database()
    {
        await RegisterTreeAsync();
        CacheKey[] keys = [new(new byte[] { 0, 255, 10 }), new(new byte[] { 0, 255, 10 }, 3), Key("grün \"x\"\n"), new(Array.Empty<byte>())];
        var change = Adds("leaf-1", 1) with { KeysAdded = keys, KeySizes = [1, 2, 3, 4], KeyVersions = [1, 1, 1, 1] };
        Assert.True((await ReportAsync(change)).IsOk);
        var found = (await Plane.Content.LocateManyAsync(keys, None)).Value;

        Assert.Equal(keys, found.Select(l => l.Key));
        Assert.Equal([1L, 2, 3, 4], found.Select(l => l.Holders.Single().SizeBytes));
    }

    [Fact]
    public async Task LocateMany_answers_in_the_order_of_the_request_up_to_a_limit()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("b", 1, 1));
        var found = (await Plane.Content.LocateManyAsync([Key("a"), Key("b"), Key("a")], None)).Value;

        Assert.Equal([0, 1, 0], found.Select(l => l.Holders.Count));
        var tooMany = Enumerable.Repeat(Key("a"), ControlPlaneLimits.KeysMax + 1).ToArray();
        AssertError(CacheErrorCode.Invalid, await Plane.Content.LocateManyAsync(tooMany, None));
    }

    [Fact]
    public async Task LocatePrefix_pages_through_every_key_once()
    {
        await RegisterTreeAsync();
        var wanted = Enumerable.Range(0, 500).Select(i => $"data/{i}").ToArray();
        await HoldAsync("leaf-1", 1, [.. wanted.Select(k => (k, 1L, 1L)), ("other", 1, 1)]);
        var found = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await Plane.Content.LocatePrefixAsync(new KeyPrefix(Key("data/")), new PageRequest(cursor, 64), None)).Value;
            Assert.InRange(page.Items.Count, 0, 64);
            found.AddRange(page.Items.Select(l => l.Key.ToString()));
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(wanted.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task LocatePrefix_refuses_an_empty_prefix_and_a_cursor_that_is_none()
    {
        AssertError(CacheErrorCode.Invalid, await Plane.Content.LocatePrefixAsync(new KeyPrefix(Key("")), new PageRequest(), None));
        AssertError(CacheErrorCode.Invalid, await Plane.Content.LocatePrefixAsync(new KeyPrefix(Key("a")), new PageRequest("x"), None));
    }

    [Fact]
    public async Task Inventory_has_what_one_instance_holds()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("a", 1, 1), ("b", 2, 1));
        await HoldAsync("leaf-2", 1, ("c", 3, 1));
        var entries = (await Plane.Content.InventoryAsync("leaf-1", null, new PageRequest(), None)).Value.Items;

        Assert.Equal([("a", 1L), ("b", 2L)], entries.Select(e => (e.Key.ToString(), e.SizeBytes)).Order());
        Assert.Single((await Plane.Content.InventoryAsync("leaf-1", new KeyPrefix(Key("b")), new PageRequest(), None)).Value.Items);
        AssertError(CacheErrorCode.NotFound, await Plane.Content.InventoryAsync("nobody", null, new PageRequest(), None));
    }

    [Fact]
    public async Task Totals_count_keys_once_and_copies_each()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("a", 1, 1), ("b", 2, 1));
        await HoldAsync("leaf-2", 1, ("b", 2, 1));
        var totals = (await Plane.Content.TotalsAsync(None)).Value;

        Assert.Equal((2L, 3L, 5L), (totals.Keys, totals.Copies, totals.CopyBytes));
        Assert.Contains(new InstanceContent("leaf-1", 2, 3), totals.Instances);
        Assert.True(totals.IndexBytes > 0);
    }
}
