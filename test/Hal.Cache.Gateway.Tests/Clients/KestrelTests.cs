using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Tests.Commands;
using Hal.Cache.Node;
using Hal.Cache.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static Hal.Cache.Gateway.Tests.Clients.ConnectionHost;

namespace Hal.Cache.Gateway.Tests.Clients;

public sealed class KestrelTests
{
    [Fact]
    public async Task Gateway_serves_sockets_up_to_the_limit_of_clients()
    {
        await using IBlobStore store =
            BlobStores.Open(new BlobStoreOptions { MemoryBytes = 128 << 20 }, new KeepsAllPolicy(), TimeProvider.System).Value;
        var keyspace = new Keyspace(store, new NoOrigins(), TimeProvider.System);
        var gateway = new RespGateway(new GatewayOptions { ClientsMax = 1 }, keyspace, TimeProvider.System);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseResp(gateway)));
        await using WebApplication app = builder.Build();
        await app.StartAsync();
        int port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

        using TcpClient first = await ConnectAsync(port);
        await first.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Request("SET", "k", new string('v', 100_000)) + Request("STRLEN", "k")));
        Assert.Equal("+OK\r\n:100000\r\n", await ReadAsync(first, 14));

        // Messages come whatever CLIENT REPLY says, and so does what says that they will.
        const string subscribed = "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n";
        await first.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Request("CLIENT", "REPLY", "OFF") + Request("GET", "k") + Request("SUBSCRIBE", "x")));
        Assert.Equal(subscribed, await ReadAsync(first, subscribed.Length));

        using TcpClient second = await ConnectAsync(port);
        Assert.Equal("-ERR max number of clients reached\r\n", await ReadAsync(second, 36));

        await app.StopAsync();
    }

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }

    private static async Task<string> ReadAsync(TcpClient client, int count)
    {
        byte[] bytes = new byte[count];
        await client.GetStream().ReadExactlyAsync(bytes).AsTask().WaitAsync(WaitMax);
        return Encoding.ASCII.GetString(bytes);
    }

    private sealed class NoOrigins : IOriginTable
    {
        public IReadOnlyList<OriginMount> Mounts => [];

        public bool TryMatch(ReadOnlySpan<byte> key, [NotNullWhen(true)] out OriginMount? mount)
        {
            mount = null;
            return false;
        }
    }
}
