using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>Each row runs a script (see <see cref="ServerHost.RunAsync"/>) and names all that client a gets.</summary>
public sealed class TransactionTests
{
    [Theory]
    [InlineData("a>MULTI; a>SET k v; a>GET k; a>EXEC", "+OK|+QUEUED|+QUEUED|*2|+OK|$1|v")]
    [InlineData("a>MULTI; a>EXEC", "+OK|*0")]
    [InlineData("a>EXEC", "-ERR EXEC without MULTI")]
    [InlineData("a>DISCARD", "-ERR DISCARD without MULTI")]
    [InlineData("a>MULTI; a>WATCH k; a>EXEC", "+OK|-ERR WATCH inside MULTI is not allowed|*0")]
    [InlineData("a>MULTI; a>SET k v; a>DISCARD; a>GET k", "+OK|+QUEUED|+OK|$-1")]
    [InlineData("a>MULTI; a>GET; a>SET k v; a>EXEC; a>GET k",
        "+OK|-ERR wrong number of arguments for 'get' command|+QUEUED|-EXECABORT Transaction discarded because of previous errors.|$-1")]
    [InlineData("a>MULTI; a>nosuch; a>EXEC", "+OK|-ERR unknown command 'nosuch', with args beginning with: |-EXECABORT Transaction discarded because of previous errors.")]
    [InlineData("a>MULTI; a>SAVE; a>EXEC", "+OK|-ERR Command not allowed inside a transaction|-EXECABORT Transaction discarded because of previous errors.")]
    [InlineData("a>MULTI; a>EXEC x", "+OK|-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command")]
    [InlineData("a>MULTI; a>SET k v; a>INCR k; a>GET k; a>EXEC", "+OK|+QUEUED|+QUEUED|+QUEUED|*3|+OK|-ERR value is not an integer or out of range|$1|v")]
    [InlineData("a>MULTI; a>SELECT 1; a>SET k v; a>EXEC; a>GET k; a>SELECT 0; a>GET k", "+OK|+QUEUED|+QUEUED|*2|+OK|+OK|$1|v|+OK|$-1")]
    [InlineData("a>MULTI; a>MSET x 1 y 2; a>KEYS x; a>EXEC", "+OK|+QUEUED|+QUEUED|*2|+OK|*1|$1|x")]
    [InlineData("a>MULTI; a>RESET; a>SET k v", "+OK|+RESET|+OK")]
    [InlineData("a>WATCH k; a>MULTI; a>GET k; a>EXEC", "+OK|+OK|+QUEUED|*1|$-1")]
    [InlineData("a>WATCH k; b>SET k 1; a>MULTI; a>GET k; a>EXEC; a>GET k", "+OK|+OK|+QUEUED|*-1|$1|1")]
    [InlineData("a>WATCH k; b>SET k 1; b>DEL k; a>MULTI; a>EXEC", "+OK|+OK|*-1")]
    [InlineData("a>WATCH k; a>SET k 1; a>MULTI; a>EXEC", "+OK|+OK|+OK|*-1")]
    [InlineData("a>WATCH k; b>SET k 1; a>UNWATCH; a>MULTI; a>EXEC", "+OK|+OK|+OK|*0")]
    [InlineData("a>WATCH k; b>SET k 1; a>MULTI; a>EXEC; a>MULTI; a>EXEC", "+OK|+OK|*-1|+OK|*0")]
    [InlineData("a>WATCH k; b>SET k 1; a>MULTI; a>DISCARD; a>MULTI; a>EXEC", "+OK|+OK|+OK|+OK|*0")]
    [InlineData("a>WATCH k; b>SELECT 1; b>SET k 1; a>MULTI; a>EXEC", "+OK|+OK|*0")]
    [InlineData("b>SET k 1; a>WATCH k; b>EXPIRE k 100; a>MULTI; a>EXEC", "+OK|+OK|*-1")]
    [InlineData("b>SET k 1 EX 10; a>WATCH k; +11; a>MULTI; a>EXEC", "+OK|+OK|*-1")]
    [InlineData("b>SET k 1 EX 10; +11; a>WATCH k; a>MULTI; a>EXEC", "+OK|+OK|*0")]
    [InlineData("b>SET k 1; a>WATCH k; b>FLUSHALL; a>MULTI; a>EXEC", "+OK|+OK|*-1")]
    [InlineData("a>WATCH k; b>FLUSHALL; a>MULTI; a>EXEC", "+OK|+OK|*0")]
    [InlineData("b>SET k 1; a>WATCH k; b>SWAPDB 0 1; a>MULTI; a>EXEC", "+OK|+OK|*-1")]
    [InlineData("b>SELECT 1; b>SET k 1; a>WATCH k; b>SWAPDB 0 1; a>MULTI; a>EXEC", "+OK|+OK|*-1")]
    [InlineData("a>WATCH k; b>SWAPDB 0 1; a>MULTI; a>EXEC", "+OK|+OK|*0")]
    [InlineData("b>SET k 1; a>WATCH j; b>RENAME k j; a>MULTI; a>EXEC", "+OK|+OK|*-1")]
    [InlineData("a>HELLO 3; a>WATCH k; b>SET k 1; a>MULTI; a>EXEC", "+OK|+OK|_")]
    [InlineData("a>MULTI; a>HELLO 3; a>GET k; a>EXEC; a>GET k", "_|_")]
    [InlineData("a>CLIENT PAUSE 100000 WRITE; a>MULTI; a>GET k; a>EXEC", "+OK|+OK|+QUEUED|*1|$-1")]
    [InlineData("b>SET k 1 EX 5; a>WATCH k; a>CLIENT PAUSE 100000 WRITE; +6; a>MULTI; a>GET k; a>EXEC", "+OK|+OK|+OK|+QUEUED|*-1")]
    [InlineData("b>SET k 1 EX 5; a>CLIENT PAUSE 100000 WRITE; +6; a>WATCH k; a>MULTI; a>GET k; a>EXEC", "+OK|+OK|+OK|+QUEUED|*1|$-1")]
    public async Task Replies_are_those_of_redis(string script, string expected)
    {
        await using var host = new ServerHost();

        string got = await host.RunAsync(script);

        if (script.Contains("a>MULTI; a>HELLO 3", StringComparison.Ordinal)) Assert.EndsWith(expected, got, StringComparison.Ordinal);
        else Assert.Equal(expected, got);
    }

    [Fact]
    public async Task Exec_answers_nothing_to_a_client_without_replies_whose_watched_key_changes_while_the_first_run_waits()
    {
        var stall = new OriginStall();
        var origin = new FaultyOrigin(new MemoryOrigin(), seed: 1) { Stall = stall, StallOn = OriginCall.All };
        await using var host = new ConnectionHost(origin: new OriginMount("o/"u8.ToArray(), origin, Freshness.Immutable));
        string[] commands = ["RPUSH l cold", "WATCH k", "CLIENT REPLY OFF", "MULTI", "SORT_RO l BY nosort GET o/*", "EXEC", "CLIENT REPLY ON", "QUIT"];

        await host.SendAsync(string.Concat(commands.Select(command => ConnectionHost.Request(command.Split(' ')))));
        await stall.Reached.WaitAsync(ConnectionHost.WaitMax); // the run has begun: the pattern's keys are not known before
        Touch(host.State.Keyspace.Store, "k"u8);
        stall.Release();

        Assert.Equal(":1\r\n+OK\r\n+OK\r\n+OK\r\n", await host.ReceiveAllAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" WRITE")]
    public async Task Keys_that_expire_in_a_pause_are_not_found_and_stay_until_it_ends(string mode)
    {
        await using var host = new ServerHost();
        await host.RunAsync($"b>SET k 1 EX 5; b>SET j 1 EX 5; b>CLIENT PAUSE 100000{mode}; +6");
        if (mode.Length > 0) Assert.Equal("$-1|*0|*2|$1|0|*0", await host.RunAsync("a>GET k; a>KEYS *; a>SCAN 0"));

        Assert.Equal(2, host.Store.Count(0));
        Assert.Equal(0, host.Store.Statistics.Expired);

        await host.RunAsync("b>CLIENT UNPAUSE; b>GET k; b>GET j");
        Assert.Equal(0, host.Store.Count(0));
        Assert.Equal(2, host.Store.Statistics.Expired);
    }

    [Fact]
    public async Task Exec_takes_arguments_that_were_streamed_and_values_that_are_built_anew()
    {
        await using var host = new ServerHost();
        string large = new('x', 200_000);
        await host["a"].RunAsync(["MULTI"]);
        await host["a"].RunAsync(["SET", "k", large]);
        await host["a"].RunAsync(["SETRANGE", "k", "199999", "yy"]);
        await host["a"].RunAsync(["APPEND", "k", large]);
        await host["a"].RunAsync(["GETRANGE", "k", "199998", "200002"]);
        await host["a"].RunAsync(["LCS", "k", "none", "LEN"]);

        string replies = await host["a"].RunAsync(["EXEC"]);

        Assert.Equal("*5\r\n+OK\r\n:200001\r\n:400001\r\n$5\r\nxyyxx\r\n:0\r\n", replies);
        Assert.Equal(":400001\r\n", await host["a"].RunAsync(["STRLEN", "k"]));
    }

    [Theory]
    [InlineData(5)]
    public async Task Nobody_sees_the_middle_of_a_transaction_that_waits(int seed)
    {
        const int Transactions = 60, TransactionsMax = 20_000, ReadsMin = 10;
        string[] names = ["b", "c", "d"];
        int[] reads = new int[names.Length];
        await using var host = new ServerHost();
        await host["a"].RunAsync(["SET", "large", new string('x', 300_000)]);
        foreach (string key in (string[])["x", "y"]) await host["a"].RunAsync(["SET", key, "0"]);
        foreach (string name in names) _ = host[name];
        using var over = new CancellationTokenSource();

        Task[] readers = [.. names.Select((name, reader) => Task.Run(() => ReadAsync(host[name], reader)))];
        var random = new Random(seed);
        for (int i = 1; i <= Transactions || (i <= TransactionsMax && HaveReadTooLittle()); i++)
        {
            await host["a"].RunAsync(["MULTI"]);
            await host["a"].RunAsync(["SET", "x", $"{i}"]);
            await host["a"].RunAsync(["SETRANGE", "large", $"{random.Next(200_000)}", "y"]); // is built anew, without locks
            await host["a"].RunAsync(["SET", "y", $"{i}"]);
            Assert.StartsWith("*3\r\n+OK\r\n:300000\r\n+OK", await host["a"].RunAsync(["EXEC"]), StringComparison.Ordinal);
        }

        await over.CancelAsync();
        await Task.WhenAll(readers);

        Assert.True(reads.Min() >= ReadsMin, $"seed {seed}: the clients read {string.Join(", ", reads)} times");
        Assert.False(host.State.Fence.Holds(ulong.MaxValue));

        // A reader that has failed reads no more: its failure is what is told then.
        bool HaveReadTooLittle() => !readers.Any(reader => reader.IsCompleted) && Enumerable.Range(0, reads.Length).Any(reader => Volatile.Read(ref reads[reader]) < ReadsMin);

        async Task ReadAsync(ServerHost.TestClient client, int reader)
        {
            while (!over.IsCancellationRequested)
            {
                string[] lines = (await client.RunAsync(["MGET", "x", "y"])).Split("\r\n");
                Assert.Equal(lines[2], lines[4]);
                Interlocked.Increment(ref reads[reader]);
            }
        }
    }

    [Fact]
    public async Task Exec_lets_go_of_what_was_queued_when_the_client_leaves()
    {
        await using var host = new ServerHost();
        long before = host.Store.Statistics.MemoryBytes;
        await host["a"].RunAsync(["WATCH", "w"]);
        await host["a"].RunAsync(["MULTI"]);
        await host["a"].RunAsync(["SET", "k", new string('x', 1_000_000)]);
        Assert.True(host.Store.Statistics.MemoryBytes >= before + 900_000);

        await host["a"].LeaveAsync();

        Assert.True(host.Store.Statistics.MemoryBytes <= before + 100_000);
        Assert.False(host.State.KeyEvents.IsActive);
    }

    private static void Touch(IBlobStore store, ReadOnlySpan<byte> name)
    {
        var key = new BlobKey(0, name, store.Hash(name));
        var scope = default(WriteScope);
        store.Lock(store.ShardOf(key.Hash));
        store.Put(key, BlobType.String, "v"u8, 0, EntryFlags.None, ref scope);
        store.Unlock(store.ShardOf(key.Hash));
    }

    [Theory]
    [InlineData(31)]
    public async Task Transfers_of_many_clients_keep_the_sum(int seed)
    {
        const int Clients = 4, Transfers = 150, Accounts = 3;
        await using var host = new ServerHost();
        for (int account = 0; account < Accounts; account++) await host["b"].RunAsync(["SET", $"account:{account}", "1000"]);
        for (int client = 0; client < Clients; client++) _ = host[$"c{client}"];

        int[] done = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => TransferAsync(host[$"c{client}"], new Random(seed + client)))));

        string sum = await host["b"].RunAsync(["MGET", "account:0", "account:1", "account:2"]);
        long total = sum.Split("\r\n").Where((_, line) => line is 2 or 4 or 6).Sum(text => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(total == Accounts * 1000, $"seed {seed}: the sum is {total}");
        Assert.True(done.Sum() > 0, $"seed {seed}: no transfer came through");

        static async Task<int> TransferAsync(ServerHost.TestClient client, Random random)
        {
            int done = 0;
            for (int i = 0; i < Transfers; i++)
            {
                int amount = random.Next(1, 50);
                string from = $"account:{random.Next(Accounts)}", to = $"account:{random.Next(Accounts)}";
                await client.RunAsync(["WATCH", from, to]);
                long has = long.Parse((await client.RunAsync(["GET", from])).Split("\r\n")[1], System.Globalization.CultureInfo.InvariantCulture);
                await client.RunAsync(["MULTI"]);
                await client.RunAsync(["SET", from, $"{has - amount}"]);
                await client.RunAsync(["INCRBY", to, $"{amount}"]);
                if (from == to) await client.RunAsync(["DISCARD"]);
                else if ((await client.RunAsync(["EXEC"])).StartsWith("*2", StringComparison.Ordinal)) done++;
            }

            return done;
        }
    }
}
