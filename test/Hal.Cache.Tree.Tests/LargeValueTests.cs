using System.Security.Cryptography;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Tree.Tests;

public sealed class LargeValueTests(ThreeLevels levels) : IClassFixture<ThreeLevels>
{
    private const int Bytes = 3_000_000;

    [Fact]
    public void A_large_value_crosses_each_link_once_and_is_whole()
    {
        var value = Random(Bytes, 1);
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        using var branch = levels.Connect("branch");
        root.Command("SET"u8.ToArray(), "l:once"u8.ToArray(), value);
        var (fromRoot, fromBranch) = (levels.Counter("branch", "tree_bytes_from_root"), levels.Counter("leaf", "tree_bytes_from_branch"));

        Assert.Equal(value, leaf.Command("GET", "l:once").Bytes);
        Assert.Equal(value, branch.Command("GET", "l:once").Bytes);
        Assert.Equal(value, leaf.Command("GET", "l:once").Bytes);

        Assert.Equal(fromRoot + Bytes, levels.Counter("branch", "tree_bytes_from_root"));
        Assert.Equal(fromBranch + Bytes, levels.Counter("leaf", "tree_bytes_from_branch"));
        Assert.Equal(0, levels.Counter("leaf", "tree_bytes_from_root"));
    }

    [Fact]
    public void A_range_fetches_its_chunks_alone()
    {
        const int chunk = 64 << 10;
        var value = Random(Bytes, 2);
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("SET"u8.ToArray(), "l:range"u8.ToArray(), value);
        var before = levels.Counter("leaf", "tree_bytes_received");

        var got = leaf.Command("GETRANGE", "l:range", $"{5 * chunk}", $"{(6 * chunk) - 1}").Bytes;

        Assert.Equal(value[(5 * chunk)..(6 * chunk)], got);
        Assert.Equal(Bytes, leaf.Command("STRLEN", "l:range").Number);
        Assert.Equal(chunk, levels.Counter("leaf", "tree_bytes_received") - before);
    }

    [Theory]
    [InlineData(17_000)]
    [InlineData(130_000)]
    public async Task A_version_that_is_overwritten_before_its_bytes_were_fetched_is_still_sent(int bytes)
    {
        const int reads = 500;
        using var stop = new CancellationTokenSource();
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("SET"u8.ToArray(), "l:hot"u8.ToArray(), new byte[bytes]);
        var writing = Task.Run(() =>
        {
            for (byte value = 1; !stop.IsCancellationRequested; value++)
                Assert.Equal("OK", root.Command("SET"u8.ToArray(), "l:hot"u8.ToArray(), Filled(bytes, value)).Text);
        });

        for (var read = 0; read < reads; read++)
        {
            var got = leaf.Command("GET", "l:hot").Bytes!;
            Assert.Equal(Filled(bytes, got[0]), got);
        }

        await stop.CancelAsync();
        await writing.WaitAsync(TimeSpan.FromMinutes(1));

        static byte[] Filled(int bytes, byte value)
        {
            var filled = new byte[bytes];
            Array.Fill(filled, value);
            return filled;
        }
    }

    [Fact]
    public void A_large_value_that_is_written_at_a_leaf_is_at_the_root_and_replaced_everywhere()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        for (var round = 0; round < 3; round++)
        {
            var value = Random(Bytes + round, 10 + round);
            Assert.Equal("OK", leaf.Command("SET"u8.ToArray(), "l:w"u8.ToArray(), value).Text);
            Assert.Equal(value, root.Command("GET", "l:w").Bytes);
            Assert.Equal(value, leaf.Command("GET", "l:w").Bytes);
            Assert.Equal(value.Length + 3, leaf.Command("APPEND", "l:w", "end").Number);
            Assert.Equal((byte[])[.. value, .. "end"u8], leaf.Command("GET", "l:w").Bytes);
        }
    }

    [Fact]
    public async Task Many_clients_of_a_cold_value_move_its_bytes_once()
    {
        var value = Random(Bytes, 3);
        using var root = levels.Connect("root");
        root.Command("SET"u8.ToArray(), "l:many"u8.ToArray(), value);
        var (fromRoot, fromBranch) = (levels.Counter("branch", "tree_bytes_from_root"), levels.Counter("leaf", "tree_bytes_from_branch"));
        var wanted = Convert.ToHexString(SHA256.HashData(value));

        var hashes = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() =>
        {
            using var leaf = levels.Connect("leaf");
            return Convert.ToHexString(SHA256.HashData(leaf.Command("GET", "l:many").Bytes!));
        })));

        Assert.All(hashes, hash => Assert.Equal(wanted, hash));
        Assert.Equal(fromRoot + Bytes, levels.Counter("branch", "tree_bytes_from_root"));
        Assert.Equal(fromBranch + Bytes, levels.Counter("leaf", "tree_bytes_from_branch"));
    }

    [Fact]
    public async Task Pipelines_of_misses_and_hits_come_whole_and_in_order_beside_each_other()
    {
        const int keys = 40, rounds = 4, clients = 6, seed = 71;
        byte[][] values = [.. Enumerable.Range(0, keys).Select(i => Random(i % 4 == 0 ? 200_000 : 20, seed + i))];
        using var root = levels.Connect("root");
        for (var i = 0; i < keys; i++) root.Command("SET"u8.ToArray(), Key(i), values[i]);

        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            using var leaf = levels.Connect("leaf");
            var random = new Random(seed + client);
            int[] order = [.. Enumerable.Range(0, keys * rounds).Select(_ => random.Next(keys))];
            var sending = Task.Run(() =>
            {
                foreach (var i in order)
                {
                    leaf.Send("GET"u8.ToArray(), Key(i));
                    if (random.Next(8) == 0) leaf.Send("HAL.EVICT"u8.ToArray(), Key(i));
                }
            });
            for (var at = 0; at < order.Length;)
            {
                var reply = leaf.Receive();
                if (reply.Type == ':') continue; // HAL.EVICT's
                Assert.True(values[order[at]].AsSpan().SequenceEqual(reply.Bytes), $"seed {seed}, client {client}, reply {at}");
                at++;
            }
            await sending;
        })));

        static byte[] Key(int number) => [.. "l:pipe:"u8, (byte)('0' + (number / 10)), (byte)('0' + (number % 10))];
    }

    [Fact]
    public void A_copy_that_is_evicted_and_asked_for_again_is_the_same()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        for (var length = 16_300; length < 16_500; length += 7)
        {
            var value = Random(length, length);
            root.Command("SET"u8.ToArray(), "l:edge"u8.ToArray(), value);
            Assert.Equal(value, leaf.Command("GET", "l:edge").Bytes);
            Assert.Equal(1, leaf.Command("HAL.EVICT", "l:edge").Number);
            Assert.Equal(value, leaf.Command("GET", "l:edge").Bytes);
        }
    }

    [Fact]
    public void A_reply_that_began_before_its_key_was_overwritten_at_the_root_ends_with_the_old_version()
    {
        var old = Random(12_000_000, 20);
        using var root = levels.Connect("root");
        using var leaf = new RespTestClient(levels.Tree["leaf"].Port, receiveBufferBytes: 64 << 10);
        root.Command("SET"u8.ToArray(), "l:overwritten"u8.ToArray(), old);
        using var got = new MemoryStream();
        leaf.Send("GET", "l:overwritten");

        leaf.ReceiveBulk(piece =>
        {
            if (got.Length == 0) Assert.Equal("OK", root.Command("SET", "l:overwritten", "new").Text);
            got.Write(piece.Span);
        });

        Assert.True(old.AsSpan().SequenceEqual(got.ToArray()));
        Assert.Equal("new", leaf.Command("GET", "l:overwritten").Text);
    }

    private static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
