using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

public sealed partial class OriginTests : IDisposable
{
    private const int Clients = 256;
    private const int Leaves = 8;

    private static readonly int Megabytes = int.TryParse(Environment.GetEnvironmentVariable("HAL_TEST_SINGLE_FLIGHT_MIB"), CultureInfo.InvariantCulture, out var set) ? set : 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _files = new("origin");

    /// <summary>HAL_TEST_SINGLE_FLIGHT_MIB says how large the object is, otherwise 16 MiB: each of the clients reads all of it.</summary>
    [Fact]
    public async Task Many_clients_on_many_leaves_read_a_cold_object_from_its_origin_once_and_move_it_over_each_link_once()
    {
        var bytes = Megabytes << 20;
        var value = Write("o.bin", bytes, 1);
        (string Name, string Parent)[] leaves = [.. Enumerable.Range(1, Leaves).Select(i => ($"l{i}", $"b{1 + (i % 2)}"))];
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Origins = [$"o/=file://{_files.Path}?freshness=immutable"] },
            [("root", null), ("b1", "root"), ("b2", "root"), .. leaves]);

        var lengths = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Factory.StartNew(
            () => Receive(tree[leaves[i % Leaves].Name].Port, value), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.All(lengths, length => Assert.Equal(bytes, length));
        Assert.Equal(bytes, TreeProcesses.Counter(tree["root"], "origin_bytes_read"));
        foreach (var branch in new[] { "b1", "b2" }) Assert.Equal([("root", bytes)], await LinksAsync(tree[branch]));
        foreach (var (leaf, branch) in leaves) Assert.Equal([(branch, bytes)], await LinksAsync(tree[leaf]));
    }

    [Fact]
    public async Task A_change_at_the_origin_is_seen_at_a_leaf_within_the_validation_time_and_an_unchanged_object_moves_no_bytes()
    {
        Write("v.bin", 500_000, 1);
        Write("s.bin", 100, 1);
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Origins = [$"o/=file://{_files.Path}?freshness=validate&seconds=1"] },
            ("root", null), ("leaf", "root"));
        using var leaf = new RespTestClient(tree["leaf"].Port);
        Assert.Equal(File.ReadAllBytes(_files.Combine("v.bin")), leaf.Command("GET", "o/v.bin").Bytes);
        Assert.True(leaf.Command("GET", "o/none").IsNull);
        var moved = TreeProcesses.Counter(tree["leaf"], "tree_bytes_received");

        Assert.True(await Eventually.HoldsAsync(
            () => leaf.Command("STRLEN", "o/v.bin").Number == 500_000 && TreeProcesses.Counter(tree["leaf"], "tree_revalidated") > 1, TimeSpan.FromSeconds(20)));
        Assert.Equal(moved, TreeProcesses.Counter(tree["leaf"], "tree_bytes_received"));

        var changed = Write("v.bin", 400_000, 2);
        var small = Write("s.bin", 50, 2);
        Write("none", 10, 3);
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/v.bin").Bytes?.AsSpan().SequenceEqual(changed) == true, TimeSpan.FromSeconds(20)));
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/s.bin").Bytes?.AsSpan().SequenceEqual(small) == true, TimeSpan.FromSeconds(20)));
        Assert.True(await Eventually.HoldsAsync(() => !leaf.Command("GET", "o/none").IsNull, TimeSpan.FromSeconds(20)));
        File.Delete(_files.Combine("s.bin"));
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/s.bin").IsNull, TimeSpan.FromSeconds(20)));
        Assert.Contains("read-only", leaf.Command("SET", "o/s.bin", "x").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_origin_refuses_for_good_is_answered_at_a_leaf_as_at_the_root()
    {
        Directory.CreateDirectory(_files.Combine("files"));
        File.WriteAllText(_files.Combine("secret"), "out of reach");
        File.CreateSymbolicLink(_files.Combine("files/out"), "../secret");
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Origins = [$"o/=file://{_files.Combine("files")}"] }, ("root", null), ("leaf", "root"));
        using var root = new RespTestClient(tree["root"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port);

        foreach (var key in new[] { "o/out", "o/../secret", "o/a//b", "o/" })
        {
            var refused = root.Command("GET", key).Text;
            Assert.StartsWith("ERR ", refused, StringComparison.Ordinal);
            Assert.Equal(refused, leaf.Command("GET", key).Text);
            Assert.Equal(refused, leaf.Command("GETRANGE", key, "0", "3").Text);
        }
    }

    [Fact]
    public async Task An_origin_that_changes_in_mid_read_or_goes_away_gives_no_wrong_byte_and_takes_no_copy_away()
    {
        const int length = 40_000_000;
        var files = _files.Combine("files");
        Directory.CreateDirectory(files);
        var old = Write("files/v.bin", length, 1);
        var small = Write("files/s.bin", 1000, 2);
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Origins = [$"o/=file://{files}?freshness=validate&seconds=1"] }, ("root", null), ("leaf", "root"));
        using var leaf = new RespTestClient(tree["leaf"].Port);
        using (var slow = new RespTestClient(tree["leaf"].Port, receiveBufferBytes: 64 << 10))
        {
            slow.Send("GET", "o/v.bin");
            Assert.True(await Eventually.HoldsAsync(() => TreeProcesses.Counter(tree["root"], "origin_bytes_read") > 0, Patience));
            Write("files/v.bin", length, 3);

            var at = 0;
            try
            {
                slow.ReceiveBulk(piece =>
                {
                    Assert.True(piece.Span.SequenceEqual(old.AsSpan(at, piece.Length)), $"bytes of another version within {piece.Length} from {at} on");
                    at += piece.Length;
                });
            }
            catch (Exception broken) when (broken is EndOfStreamException or SocketException)
            {
                Assert.InRange(at, 0, length - 1); // what was begun can't be ended, and is not
            }
        }

        var changed = File.ReadAllBytes(Path.Combine(files, "v.bin"));
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/v.bin").Bytes?.AsSpan().SequenceEqual(changed) == true, Patience));
        Assert.Equal(small, leaf.Command("GET", "o/s.bin").Bytes);

        Directory.Move(files, files + ".away");
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/other").IsError, Patience), "an object of an origin that is away counts as not there");
        Assert.Equal(small, leaf.Command("GET", "o/s.bin").Bytes);
        Assert.Equal("OK", leaf.Command("SET", "elsewhere", "v").Text);
        Assert.Equal("v", leaf.Command("GET", "elsewhere").Text);

        Directory.Move(files + ".away", files);
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/other").IsNull, Patience));
    }

    public void Dispose() => _files.Dispose();

    // Reads on while it compares: nobody has room for what all clients get.
    private static long Receive(int port, byte[] expected)
    {
        using var client = new RespTestClient(port, TimeSpan.FromSeconds(120));
        client.Send("GET", "o/o.bin");
        var at = 0;
        return client.ReceiveBulk(piece =>
        {
            Assert.True(piece.Span.SequenceEqual(expected.AsSpan(at, piece.Length)), $"other bytes within {piece.Length} from {at} on");
            at += piece.Length;
        });
    }

    // What the metrics say came over each link of an instance.
    private static async Task<(string Source, int Bytes)[]> LinksAsync(TreeMember member)
    {
        using var http = new HttpClient();
        var page = await http.GetStringAsync($"http://127.0.0.1:{member.HttpPort}/metrics");
        return [.. LinkBytes().Matches(page).Select(m => (m.Groups[1].Value, int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)))];
    }

    [GeneratedRegex("^hal_tree_link_bytes[a-z_]*\\{.*source=\"([^\"]+)\".*\\} ([0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex LinkBytes();

    private byte[] Write(string name, int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        File.WriteAllBytes(_files.Combine(name), bytes);
        return bytes;
    }
}
