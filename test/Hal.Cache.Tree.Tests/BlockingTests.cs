using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>Commands that wait, given at a leaf: they wait at the root.</summary>
[Collection(nameof(FourInstances))]
public sealed class BlockingTests(FourInstances four)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("BLPOP bl:1 bl:1b 0", "RPUSH bl:1b v", "*[$\"bl:1b\", $\"v\"]")]
    [InlineData("BLMOVE bl:2 bl:2b LEFT RIGHT 0", "RPUSH bl:2 v", "$\"v\"")]
    [InlineData("BZPOPMIN bl:3 0", "ZADD bl:3 1 v", "*[$\"bl:3\", $\"v\", $\"1\"]")]
    [InlineData("XREAD BLOCK 0 STREAMS bl:4 $", "XADD bl:4 1-1 f v", "*[*[$\"bl:4\", *[*[$\"1-1\", *[$\"f\", $\"v\"]]]]]")]
    [InlineData("BLPOP bl:5 0.05", "PING", "*(null)")]
    public async Task A_command_that_waits_at_a_leaf_is_served_by_one_at_another(string waits, string serves, string expected)
    {
        using var waiter = four.Connect("a");
        using var other = four.Connect("b");
        other.Command("DEL", "bl:1", "bl:1b", "bl:2", "bl:2b", "bl:3", "bl:4");
        waiter.Send(waits.Split(' '));
        if (expected != "*(null)")
        {
            await BlockedAsync(1);
            Assert.Equal(Number(four.Tree["root"], "total_blocking_keys"), Number(four.Tree["a"], "total_blocking_keys"));
        }

        other.Command(serves.Split(' '));

        Assert.Equal(expected, waiter.Receive().ToString());
        await BlockedAsync(0);
    }

    [Fact]
    public async Task A_client_that_leaves_a_leaf_while_it_waits_takes_nothing()
    {
        using var other = four.Connect("b");
        other.Command("DEL", "bl:gone");
        using (var waiter = four.Connect("a"))
        {
            waiter.Send("BLPOP", "bl:gone", "0");
            await BlockedAsync(1);
        }

        await BlockedAsync(0);
        other.Command("RPUSH", "bl:gone", "v");
        Assert.Equal(1, other.Command("LLEN", "bl:gone").Number);
    }

    [Theory]
    [InlineData("TIMEOUT", "*(null)")]
    [InlineData("ERROR", "-UNBLOCKED client unblocked via CLIENT UNBLOCK")]
    public async Task A_client_that_waits_at_the_root_is_unblocked_at_its_leaf(string reason, string expected)
    {
        using var waiter = four.Connect("a");
        using var other = four.Connect("a");
        var id = waiter.Command("CLIENT", "ID").Number;
        Assert.Equal(0, other.Command("CLIENT", "UNBLOCK", $"{id}", reason).Number);
        waiter.Send("BLPOP", "bl:unblocked", "0");
        await BlockedAsync(1);

        Assert.Equal(1, other.Command("CLIENT", "UNBLOCK", $"{id}", reason).Number);

        Assert.Equal(expected, waiter.Receive().ToString());
        Assert.Equal("PONG", waiter.Command("PING").Text);
        await BlockedAsync(0);
    }

    [Fact]
    public async Task A_leaf_that_is_killed_takes_its_waiting_clients_with_it_and_nothing_else()
    {
        using var waiter = four.Connect("b");
        using var other = four.Connect("a");
        waiter.Send("BLPOP", "bl:killed", "0");
        await BlockedAsync(1);

        four.Tree["b"].Kill();

        Assert.ThrowsAny<Exception>(() => waiter.Receive());
        await BlockedAsync(0);
        other.Command("RPUSH", "bl:killed", "v");
        Assert.Equal("v", other.Command("LPOP", "bl:killed").Text);
        four.Tree["b"].Start();
        four.Tree.WaitConnected();
    }

    [Fact]
    public async Task Many_clients_that_wait_at_a_leaf_share_a_connection_to_the_root_and_each_is_served()
    {
        const int Clients = 300, Keys = 10;
        using var other = four.Connect("b");
        var waiters = Enumerable.Range(0, Clients).Select(_ => four.Connect("a")).ToList();
        try
        {
            var id = waiters[^1].Command("CLIENT", "ID").Number;
            for (var i = 0; i < Clients; i++) waiters[i].Send("BLPOP", $"bl:many:{i % Keys}", "0");
            await BlockedAsync(Clients);
            Assert.InRange(Number(four.Tree["root"], "connected_clients"), 1, Clients - Keys);

            using (var unblocker = four.Connect("a")) Assert.Equal(1, unblocker.Command("CLIENT", "UNBLOCK", $"{id}").Number);
            Assert.Equal("*(null)", waiters[^1].Receive().ToString());
            waiters[^2].Dispose();
            await BlockedAsync(Clients - 2);
            waiters.RemoveRange(Clients - 2, 2);

            // One of each key's elements is longer than what is sent at a time.
            var elements = Enumerable.Range(0, Clients).Select(i => new string((char)('a' + (i % 26)), i < Keys ? 600_000 : 10) + i).ToArray();
            for (var key = 0; key < Keys; key++) other.Command(["RPUSH", $"bl:many:{key}", .. elements.Where((_, i) => i % Keys == key)]);
            var got = waiters.Select((waiter, i) => (Key: i % Keys, Reply: waiter.Receive().Items!)).ToList();

            Assert.All(got, one => Assert.Equal($"bl:many:{one.Key}", one.Reply[0].Text));
            Assert.Equal(elements.Take(Clients - 2).Order(StringComparer.Ordinal), got.Select(one => one.Reply[1].Text).Order(StringComparer.Ordinal));
            await BlockedAsync(0);
            Assert.Equal("PONG", waiters[0].Command("PING").Text);
        }
        finally
        {
            waiters.ForEach(waiter => waiter.Dispose());
        }
    }

    [Theory]
    [InlineData("root")]
    [InlineData("a")]
    public async Task Messages_reach_a_client_of_RESP3_while_its_command_waits(string instance)
    {
        using var waiter = four.Connect3(instance);
        using var other = four.Connect("b");
        other.Command("DEL", "bl:pushed");
        waiter.Command("SUBSCRIBE", "bl:channel");
        waiter.Send("BLPOP", "bl:pushed", "0");
        await BlockedAsync(1);

        other.Command("PUBLISH", "bl:channel", "one");
        Assert.Equal(">[$\"message\", $\"bl:channel\", $\"one\"]", waiter.Receive().ToString());
        other.Command("PUBLISH", "bl:channel", "two");
        Assert.Equal(">[$\"message\", $\"bl:channel\", $\"two\"]", waiter.Receive().ToString());
        other.Command("RPUSH", "bl:pushed", "v");

        Assert.Equal("*[$\"bl:pushed\", $\"v\"]", waiter.Receive().ToString());
        other.Command("PUBLISH", "bl:channel", "three");
        Assert.Equal(">[$\"message\", $\"bl:channel\", $\"three\"]", waiter.Receive().ToString());
    }

    [Theory]
    [InlineData("root")]
    [InlineData("a")]
    public async Task What_a_command_that_waited_has_changed_itself_is_told_behind_its_reply(string instance)
    {
        using var waiter = four.Connect3(instance);
        using var other = four.Connect("b");
        other.Command("DEL", "bl:from", "bl:to");
        other.Command("RPUSH", "bl:to", "a");
        waiter.Command("CLIENT", "TRACKING", "ON");
        Assert.Equal("*[$\"a\"]", waiter.Command("LRANGE", "bl:to", "0", "-1").ToString());
        waiter.Send("BLMOVE", "bl:from", "bl:to", "LEFT", "LEFT", "0");
        await BlockedAsync(1);

        other.Command("RPUSH", "bl:from", "v");

        Assert.Equal("$\"v\"", waiter.Receive().ToString());
        Assert.Equal(">[$\"invalidate\", *[$\"bl:to\"]]", waiter.Receive().ToString());
    }

    [Theory]
    [InlineData("root", "BLPOP bl:waits 0", "RPUSH bl:waits v")]
    [InlineData("a", "BLPOP bl:waits 0", "RPUSH bl:waits v")]
    [InlineData("root", "XREAD BLOCK 0 STREAMS bl:waits $", "XADD bl:waits * f v")]
    [InlineData("a", "XREAD BLOCK 0 STREAMS bl:waits $", "XADD bl:waits * f v")]
    public async Task A_client_that_tracks_keys_hears_of_changes_while_its_command_waits(string instance, string waits, string serves)
    {
        using var waiter = four.Connect3(instance);
        using var other = four.Connect("b");
        other.Command("DEL", "bl:waits", "bl:read");
        waiter.Command("CLIENT", "TRACKING", "ON");
        waiter.Command("GET", "bl:read");
        waiter.Send(waits.Split(' '));
        await BlockedAsync(1);

        other.Command("SET", "bl:read", "v");
        Assert.Equal(">[$\"invalidate\", *[$\"bl:read\"]]", waiter.Receive().ToString());
        other.Command(serves.Split(' '));

        // What was told of the key ahead of the reply may have been of what the reply has not: whoever keeps that hears so behind it, at the latest with the next change.
        string got;
        while ((got = waiter.Receive().ToString()).StartsWith('>')) Assert.Contains("bl:waits", got, StringComparison.Ordinal);
        Assert.Contains("\"v\"", got, StringComparison.Ordinal);
        if (waits.StartsWith('B')) return;
        other.Command("XADD", "bl:waits", "*", "f", "w");
        Assert.Equal(">[$\"invalidate\", *[$\"bl:waits\"]]", waiter.Receive().ToString());
    }

    [Fact]
    public async Task When_the_root_goes_a_client_that_waits_hears_so_and_one_that_tracks_keys_hears_that_all_may_have_changed()
    {
        using var tree = TreeProcesses.Started(null, ("root", null), ("leaf", "root"));
        using var waiter = new RespTestClient(tree["leaf"].Port);
        using var tracker = new RespTestClient(tree["leaf"].Port);
        tracker.Command("HELLO", "3");
        tracker.Command("CLIENT", "TRACKING", "ON");
        tracker.Command("GET", "bl:tracked");
        Assert.Equal("PONG", tracker.Command("PING").Text);
        waiter.Send("BLPOP", "bl:k", "0");
        Assert.True(await Eventually.HoldsAsync(() => Blocked(tree["root"]) == 1, Patience));

        tree["root"].Kill();

        Assert.StartsWith("-ERR outcome unknown", waiter.Receive().ToString(), StringComparison.Ordinal);
        Assert.Equal("PONG", waiter.Command("PING").Text);
        Assert.Equal(">[$\"invalidate\", _(null)]", tracker.Receive().ToString());
    }

    private static long Blocked(TreeMember member) => Number(member, "blocked_clients");

    private static long Number(TreeMember member, string name)
    {
        using var client = new RespTestClient(member.Port);
        var line = client.Command("INFO", "clients").Text.Split("\r\n").Single(one => one.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(name.Length + 1), System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task BlockedAsync(int count) =>
        Assert.True(await Eventually.HoldsAsync(() => Blocked(four.Tree["root"]) == count, Patience), $"the root has not {count} waiting clients");
}
