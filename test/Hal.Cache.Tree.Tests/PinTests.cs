using System.Text.Json;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>What a scheduler sees and asks for over real processes: pins that hold, popular keys, clients, round trips.</summary>
public sealed class PinTests(PinTests.FilledTree filled) : IClassFixture<PinTests.FilledTree>
{
    private const string Pins = "/v1/scheduler/pins";
    private const int ValueBytes = 1_000_000;
    private const int Pinned = 12;
    private const int Others = 110;

    [Fact]
    public async Task Pinned_objects_are_still_held_after_a_leaf_was_filled_twice_over_and_others_are_not()
    {
        using var plane = new PlaneClient(filled.HttpPort);
        using var leaf = new RespTestClient(filled.LeafPort);
        await LiveAsync(plane);
        await plane.PutAsync("/v1/scheduler/manifests/m", new { keys = new[] { "f/listed" } });

        // Before anything is there: what comes later is kept as well.
        var pin = await plane.PostAsync(Pins, new { instance = "leaf", selection = new { prefixes = new[] { new { start = "f/keep" } } } });
        await plane.PostAsync(Pins, new { instance = "leaf", selection = new { manifest = "m" } });
        for (var i = 0; i < Pinned; i++) Assert.Equal(ValueBytes, leaf.Command("GET", $"f/keep{i}").Bytes!.Length);
        Assert.Equal(ValueBytes, leaf.Command("GET", "f/listed").Bytes!.Length);
        Assert.True(await Eventually.HoldsAsync(() => PinnedKeys(leaf) == Pinned + 1, TimeSpan.FromSeconds(30)));
        for (var i = 0; i < Others; i++) Assert.Equal(ValueBytes, leaf.Command("GET", $"f/other{i}").Bytes!.Length);

        var held = Held(leaf);
        Assert.Equal(Pinned, held.Keys.Count(k => k.StartsWith("f/keep", StringComparison.Ordinal)));
        Assert.Contains("f/listed", held.Keys);
        Assert.InRange(held.Count(h => h.Key.StartsWith("f/other", StringComparison.Ordinal) && h.Value >= ValueBytes), 0, 60); // of others there may be parts
        var load = await plane.UntilAsync("/v1/instances/leaf", i => PinnedBytes(i) >= (Pinned + 1) * (long)ValueBytes);
        Assert.InRange(PinnedBytes(load), (Pinned + 1) * (long)ValueBytes, (Pinned + 1) * (ValueBytes + 1000L));

        // More than half of the leaf's store is refused, with the limit's name.
        var refused = await plane.TryPostAsync(Pins, new { instance = "leaf", selection = new { prefixes = new[] { new { start = "f/other" } } } });
        Assert.Equal(507, refused.Status);
        Assert.Contains("PinnedShareMax", refused.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);

        // Taken back, they go like all others.
        await plane.DeleteAsync($"{Pins}/{pin.GetProperty("pin").GetString()}");
        Assert.True(await Eventually.HoldsAsync(() => PinnedKeys(leaf) == 1, TimeSpan.FromSeconds(30)));
        for (var i = 0; i < Others; i++) leaf.Command("GET", $"f/other{i}");
        held = Held(leaf);
        Assert.InRange(held.Count(h => h.Key.StartsWith("f/keep", StringComparison.Ordinal) && h.Value >= ValueBytes), 0, Pinned - 1);
        Assert.Contains("f/listed", held.Keys);

        // Whoever drops copies does not mean the pinned ones, unless he says so.
        Assert.Equal(0, leaf.Command("HAL.EVICT", "f/listed").Number);
        Assert.True(leaf.Command("HAL.EVICT", "MATCH", "f/*").Number > 0);
        Assert.Equal(["f/listed"], Held(leaf).Keys.Where(k => k.StartsWith("f/", StringComparison.Ordinal)));
        Assert.Equal(1, leaf.Command("HAL.EVICT", "PINNED", "MATCH", "f/*").Number);
        Assert.DoesNotContain("f/listed", Held(leaf).Keys);
    }

    [Fact]
    public async Task Heartbeats_tell_what_is_popular_how_many_clients_there_are_and_how_far_the_parent_is()
    {
        using var plane = new PlaneClient(filled.HttpPort);
        using var leaf = new RespTestClient(filled.LeafPort);
        using var idle = new RespTestClient(filled.LeafPort);
        await LiveAsync(plane);
        Assert.Equal("OK", leaf.Command("SET", "seldom", "x").Text);
        Assert.Equal("OK", leaf.Command("SET", "often", "x").Text);
        idle.Command("PING");
        for (var i = 0; i < 300; i++)
        {
            leaf.Command("GET", "often");
            if (i % 10 == 0) leaf.Command("GET", "seldom");
        }

        var popular = await plane.UntilAsync("/v1/analytics/popular-keys?instance=leaf&limit=100", p => Reads(p, "often") >= 300 && Reads(p, "seldom") >= 30);
        Assert.InRange(Reads(popular, "often"), 300, 400);
        Assert.InRange(Reads(popular, "seldom"), 30, 60);
        var everywhere = await plane.UntilAsync("/v1/analytics/popular-keys?limit=100", p => Reads(p, "often") >= 300);
        Assert.True(Reads(everywhere, "often") >= Reads(popular, "often"));
        await plane.UntilAsync("/v1/instances/leaf", i => Load(i) is { } load && load.GetProperty("clients").GetInt32() >= 2 && load.GetProperty("clientBytesTotal").GetInt64() > 300);
        var link = await plane.UntilAsync("/v1/topology/links", l => Measured(l)?.TryGetProperty("latencyMs", out _) == true);
        Assert.InRange(Measured(link)!.Value.GetProperty("latencyMs").GetDouble(), 0.001, 1000);
    }

    private static long PinnedKeys(RespTestClient client)
    {
        var info = client.Command("HAL.INFO").Items!;
        return Enumerable.Range(0, info.Count / 2).Where(i => info[2 * i].Text == "pinned_keys").Select(i => info[(2 * i) + 1].Number).Single();
    }

    private static async Task LiveAsync(PlaneClient plane) => await plane.UntilAsync("/v1/instances/leaf", i => Registered(i) is { } r && r.GetProperty("state").GetString() == "live");

    private static JsonElement? Registered(JsonElement instance) =>
        instance.TryGetProperty("registered", out var registered) && registered.ValueKind == JsonValueKind.Object ? registered : null;

    private static JsonElement? Load(JsonElement instance) => Registered(instance)?.GetProperty("load");

    private static long PinnedBytes(JsonElement instance) => Load(instance)?.GetProperty("pinnedBytes").GetInt64() ?? 0;

    private static long Reads(JsonElement popular, string key) =>
        popular.GetProperty("items").EnumerateArray().Where(i => i.GetProperty("key").GetString() == key).Select(i => i.GetProperty("reads").GetInt64()).SingleOrDefault();

    // Of the way from the root to the leaf.
    private static JsonElement? Measured(JsonElement links)
    {
        foreach (var link in links.GetProperty("items").EnumerateArray())
        {
            if (link.GetProperty("from").GetString() == "root" && link.GetProperty("to").GetString() == "leaf" && link.TryGetProperty("measured", out var measured)) return measured;
        }
        return null;
    }

    /// <summary>What is held of which keys, in bytes.</summary>
    private static Dictionary<string, long> Held(RespTestClient client)
    {
        var held = new Dictionary<string, long>(StringComparer.Ordinal);
        var (cursor, calls) = ("0", 0);
        do
        {
            Assert.True(++calls < 1000, "the list does not end");
            var page = client.Command("HAL.INVENTORY", "CURSOR", cursor, "COUNT", "1000").Items!;
            cursor = page[0].Text!;
            for (var i = 0; i + 1 < page[1].Items!.Count; i += 2) held[page[1].Items![i].Text!] = page[1].Items![i + 1].Number;
        }
        while (cursor != "0");
        return held;
    }

    /// <summary>
    /// A root and a leaf in one process, both in memory only, so that what makes room does so by dropping; files behind the root, which has
    /// room for half of them: it drops some while the leaf is still reading them.
    /// </summary>
    public sealed class FilledTree : IDisposable
    {
        private readonly TempDirectory home = new("pins");
        private readonly ChildProcess process;

        public FilledTree()
        {
            var value = new byte[ValueBytes];
            new Random(7).NextBytes(value);
            var files = Directory.CreateDirectory(home.Combine("files"));
            foreach (var name in Enumerable.Range(0, Pinned).Select(i => $"keep{i}").Concat(Enumerable.Range(0, Others).Select(i => $"other{i}")).Append("listed"))
                File.WriteAllBytes(Path.Combine(files.FullName, name), value);
            File.WriteAllText(
                home.Combine("silo.json"),
                $$"""
                {
                  "disk": "0", "http": "127.0.0.1:{{HttpPort}}",
                  "instances": [
                    { "name": "root", "role": "root", "listen": "127.0.0.1:{{RootPort}}", "memory": "64mb", "origin": "f/=file://{{files.FullName}}?freshness=immutable" },
                    { "name": "leaf", "role": "leaf", "parent": "root", "listen": "127.0.0.1:{{LeafPort}}", "memory": "64mb" }
                  ]
                }
                """);
            process = new ChildProcess(
                "dotnet", ["exec", RepositoryPaths.SiloAssembly()!, "--config", home.Combine("silo.json")], line => line.StartsWith("ready", StringComparison.Ordinal));
            process.WaitReady(TimeSpan.FromSeconds(60));
        }

        public int RootPort { get; } = FreePort.Next();

        public int LeafPort { get; } = FreePort.Next();

        public int HttpPort { get; } = FreePort.Next();

        public void Dispose()
        {
            process.Dispose();
            home.Dispose();
        }
    }
}
