using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>Strings of many chunks.</summary>
public sealed class LargeStringTests
{
    private const int Chunk = IBlobStore.ChunkBytes;

    [Fact]
    public async Task SetBit_in_a_large_string_shares_the_chunks_that_it_does_not_touch()
    {
        const int Chunks = 800; // 50 MB in a store of 256 MB: ten copies would not fit
        await using var host = new StringHost();
        await host.RunAsync("SETRANGE", "k", $"{(Chunks * Chunk) - 1}", "x");
        long before = host.Store.Statistics.MemoryBytes;

        for (int i = 0; i < 10; i++) Assert.Equal(":0\r\n", await host.RunAsync("SETBIT", "k", $"{(i * 70 * Chunk * 8L) + 3}", "1"));

        long grown = host.Store.Statistics.MemoryBytes - before;
        Assert.True(grown < 30L * Chunk, $"Memory grew by {grown} bytes.");
        Assert.Equal(":14\r\n", await host.LineAsync("BITCOUNT k"));
        Assert.Equal(":3\r\n", await host.LineAsync("BITPOS k 1"));
        Assert.Equal($":{(Chunks - 1L) * Chunk * 8 + ((Chunk - 1) * 8) + 1}\r\n", await host.RunAsync("BITPOS", "k", "1", "-1"));
    }

    [Fact]
    public async Task Bitfield_writes_more_chunks_than_are_in_memory_at_once()
    {
        const int Fields = 150;
        await using var host = new StringHost();
        List<string> write = ["BITFIELD", "k"];
        List<string> read = ["BITFIELD_RO", "k"];
        for (int i = 0; i < Fields; i++)
        {
            string offset = $"{(i * Chunk * 8L) + (Chunk * 8) - 4}"; // half in the next chunk
            write.AddRange(["SET", "u8", offset, $"{i}"]);
            read.AddRange(["GET", "u8", offset]);
        }

        await host.RunAsync([.. write]);

        string expected = $"*{Fields}\r\n" + string.Concat(Enumerable.Range(0, Fields).Select(i => $":{i}\r\n"));
        Assert.Equal(expected, await host.RunAsync([.. read]));
        Assert.Equal($":{(Fields * Chunk) + 1}\r\n", await host.LineAsync("STRLEN k"));
    }

    [Fact]
    public async Task Appends_of_two_connections_to_one_large_string_are_all_there()
    {
        const int Rounds = 100;
        await using var host = new StringHost();
        await using StringHost other = host.Second();
        await host.RunAsync("SET", "k", new string('0', 3 * Chunk));
        string left = new('a', 100);
        string right = new('b', 100);

        await Task.WhenAll(
            Task.Run(async () => { for (int i = 0; i < Rounds; i++) await host.RunAsync("APPEND", "k", left); }),
            Task.Run(async () => { for (int i = 0; i < Rounds; i++) await other.RunAsync("APPEND", "k", right); }));

        string value = await host.LineAsync("GET k");
        Assert.Equal($":{(3 * Chunk) + (2 * Rounds * 100)}\r\n", await host.LineAsync("STRLEN k"));
        Assert.Equal(Rounds * 100, value.Count(c => c == 'a'));
        Assert.Equal(Rounds * 100, value.Count(c => c == 'b'));
    }

    [Fact]
    public async Task Replaced_and_deleted_large_strings_give_their_memory_back()
    {
        await using var host = new StringHost();
        await host.LineAsync("SET warm up");
        long before = host.Store.Statistics.MemoryBytes;

        for (int i = 0; i < 40; i++)
        {
            await host.RunAsync("SETRANGE", "k", $"{20 << 20}", "x");
            await host.RunAsync("APPEND", "k", new string('y', 2 * Chunk));
            Assert.Equal($":{(20 << 20) + 1 + (2 * Chunk)}\r\n", await host.LineAsync("BITOP NOT d k"));
            await host.LineAsync("BITCOUNT d");
            await host.LineAsync("GETDEL d");
            await host.LineAsync("GETEX k PXAT 1");
        }

        long grown = host.Store.Statistics.MemoryBytes - before;
        Assert.True(grown < 8 << 20, $"Memory grew by {grown} bytes.");
    }

    [Fact]
    public async Task A_value_that_does_not_fit_the_store_is_refused_and_leaves_the_old_one()
    {
        await using var host = new StringHost();
        await host.LineAsync("SET k old");

        string reply = await host.RunAsync("SETRANGE", "k", $"{400 << 20}", "x");

        Assert.StartsWith("-", reply, StringComparison.Ordinal);
        Assert.Equal("$3\r\nold\r\n", await host.LineAsync("GET k"));
    }
}
