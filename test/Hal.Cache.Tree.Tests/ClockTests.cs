using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>Machines whose time of day is set while they run, by Debian's libfaketime under the real processes.</summary>
public sealed class ClockTests : IDisposable
{
    private const string Faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

    private readonly TempDirectory _directory = new("clock");

    [Fact]
    public async Task A_time_of_day_that_jumps_at_a_leaf_or_at_the_root_neither_ends_nor_prolongs_what_expires()
    {
        Assert.True(File.Exists(Faketime), $"{Faketime} is not there, so nothing was shown (apt-get install faketime, or test/run)");
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions
            {
                Memory = "64mb", Disk = "256mb",
                Variables = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["root"] = Clock("root"), ["leaf"] = Clock("leaf") },
            },
            ("root", null), ("leaf", "root"));
        using var root = new RespTestClient(tree["root"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port);
        Assert.Equal("OK", root.Command("SET", "t:k", "v", "PX", "60000").Text);
        Check();

        foreach (var (atRoot, atLeaf) in new[] { ("-7200", "+7200"), ("+7200", "-7200") })
        {
            Set("root", atRoot);
            Set("leaf", atLeaf);
            Check();
            Assert.Equal("OK", root.Command("SET", "t:short", "v", "PX", "1500").Text);
            Assert.Equal("v", leaf.Command("GET", "t:short").Text);
            Check();
            Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "t:short").IsNull, TimeSpan.FromSeconds(10)), $"{atRoot} {atLeaf}: a key does not expire at the leaf");
            Assert.True(root.Command("GET", "t:short").IsNull, $"{atRoot} {atLeaf}: the leaf's copy expired before the root's key");
            Check();
        }

        void Check()
        {
            Assert.Equal("v", leaf.Command("GET", "t:k").Text);
            Assert.Equal("v", root.Command("GET", "t:k").Text);
            Assert.InRange(root.Command("PTTL", "t:k").Number, 1, 60_000);
            Assert.InRange(leaf.Command("PTTL", "t:k").Number, 1, 60_100);
            Assert.Equal(root.Command("PEXPIRETIME", "t:k").Number, leaf.Command("PEXPIRETIME", "t:k").Number);
            var asked = TreeProcesses.Counter(tree["leaf"], "tree_acquires");
            for (var i = 0; i < 20; i++) Assert.Equal("v", leaf.Command("GET", "t:k").Text);
            Assert.InRange(TreeProcesses.Counter(tree["leaf"], "tree_acquires") - asked, 0, 1);
        }
    }

    public void Dispose() => _directory.Dispose();

    private void Set(string name, string offset) => File.WriteAllText(_directory.Combine(name), offset);

    private Dictionary<string, string> Clock(string name)
    {
        Set(name, "+0");
        return new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = Faketime,
            ["FAKETIME_TIMESTAMP_FILE"] = _directory.Combine(name),
            ["FAKETIME_NO_CACHE"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            ["DONT_FAKE_MONOTONIC"] = "1",
        };
    }
}
