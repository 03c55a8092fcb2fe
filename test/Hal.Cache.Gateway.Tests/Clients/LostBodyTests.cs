using System.Text;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Testing.Origins;
using static Hal.Cache.Gateway.Tests.Clients.ConnectionHost;

namespace Hal.Cache.Gateway.Tests.Clients;

/// <summary>A large value whose length is known here, and whose first bytes can't be had any more when somebody reads it: the connection goes on.</summary>
public sealed class LostBodyTests
{
    private const string TryAgain = "-TRYAGAIN the object changed while it was read\r\n";

    private readonly MemoryOrigin origin = new();

    [Theory]
    [InlineData(300_000)]
    [InlineData(20_000)]
    [InlineData(5)]
    public async Task A_plain_read_gets_the_newest_value(int bytes)
    {
        await using ConnectionHost host = await StartAsync(origin);
        origin.Put("large", Filled(bytes, 'n'));

        await host.SendAsync(Request("GET", "o/large") + Request("QUIT"));

        Assert.Equal($"${bytes}\r\n{new string('n', bytes)}\r\n+OK\r\n", await host.ReceiveAllAsync());
    }

    [Fact]
    public async Task A_plain_read_hears_that_the_key_is_gone()
    {
        await using ConnectionHost host = await StartAsync(origin);
        origin.Remove("large");

        await host.SendAsync(Request("GET", "o/large") + Request("QUIT"));

        Assert.Equal("$-1\r\n+OK\r\n", await host.ReceiveAllAsync());
    }

    // What is of one moment, or of a part, can't be had of a newer value.
    [Theory]
    [InlineData(TryAgain, "GETRANGE", "o/large", "0", "100000")]
    [InlineData("*2\r\n" + TryAgain + "$-1\r\n", "MGET", "o/large", "none")]
    [InlineData("*2\r\n$-1\r\n" + TryAgain, "MGET", "none", "o/large")]
    public async Task Any_other_read_has_an_error_in_its_place(string reply, params string[] command)
    {
        await using ConnectionHost host = await StartAsync(origin);
        origin.Put("large", Filled(300_000, 'n'));

        await host.SendAsync(Request(command) + Request("QUIT"));

        Assert.Equal(reply + "+OK\r\n", await host.ReceiveAllAsync());
    }

    [Fact]
    public async Task A_read_of_a_transaction_has_an_error_in_its_place()
    {
        await using ConnectionHost host = await StartAsync(origin);
        origin.Put("large", Filled(300_000, 'n'));

        await host.SendAsync(Request("MULTI") + Request("GET", "o/large") + Request("EXEC") + Request("QUIT"));

        Assert.Equal("+OK\r\n+QUEUED\r\n*1\r\n" + TryAgain + "+OK\r\n", await host.ReceiveAllAsync());
    }

    [Fact]
    public async Task A_client_that_tracks_the_key_has_an_error()
    {
        await using ConnectionHost host = await StartAsync(origin);
        await host.SendAsync(Request("CLIENT", "TRACKING", "ON"));
        await host.ReceiveAsync(5);
        origin.Put("large", Filled(300_000, 'n'));

        await host.SendAsync(Request("GET", "o/large") + Request("QUIT"));

        Assert.Equal(TryAgain + "+OK\r\n", await host.ReceiveAllAsync());
    }

    [Fact]
    public async Task A_read_of_what_its_origin_fails_to_give_has_an_error()
    {
        var faulty = new FaultyOrigin(origin, seed: 5);
        await using ConnectionHost host = await StartAsync(faulty);
        (faulty.FailEvery, faulty.FailOn) = (1, OriginCall.Open);

        await host.SendAsync(Request("GET", "o/large") + Request("QUIT"));

        string reply = await host.ReceiveAllAsync();
        Assert.StartsWith("-MISCONF ", reply, StringComparison.Ordinal);
        Assert.EndsWith("\r\n+OK\r\n", reply, StringComparison.Ordinal);
    }

    private static byte[] Filled(int bytes, char letter) => Encoding.ASCII.GetBytes(new string(letter, bytes));

    /// <summary>A host that has been told the length of an object, and nothing else.</summary>
    private async Task<ConnectionHost> StartAsync(IOrigin behind)
    {
        origin.Put("large", Filled(200_000, 'o'));
        var host = new ConnectionHost(origin: new OriginMount("o/"u8.ToArray(), behind, Freshness.Immutable));
        await host.SendAsync(Request("STRLEN", "o/large"));
        Assert.Equal(":200000\r\n", await host.ReceiveAsync(9));
        return host;
    }
}
