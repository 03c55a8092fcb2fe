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
