using System.Net;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Silo.Tests;

public sealed class OpenFilesTests : SiloHome
{
    private const int Limit = 400;

    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 1024)]
    [InlineData("Max open files            unlimited            unlimited            files     ", long.MaxValue)]
    [InlineData("Max processes             10                   10                   processes ", long.MaxValue)]
    public void The_limit_is_the_systems(string line, long limit) =>
        Assert.Equal(limit, OpenFiles.Parse(["Limit                     Soft Limit           Hard Limit           Units     ", line]));

    [Fact]
    public void Instances_share_what_their_logs_and_the_process_leave()
    {
        Assert.Equal(256, OpenFiles.ClientsFor(1024, 3, 0).Value);
        Assert.Equal(704, OpenFiles.ClientsFor(1024, 1, 16L << 30).Value);
        Assert.Contains("ulimit -n", OpenFiles.ClientsFor(300, 3, 0).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_with_few_files_refuses_clients_beyond_them_and_goes_on()
    {
        await using var run = SiloRun.Start(Home, ["prlimit", $"--nofile={Limit}", "dotnet"], [.. AnyPort, "--disk", "256mb"]);
        Assert.True(await run.ServesAsync(), run.Errors);
        var port = IPEndPoint.Parse(run.Ready["resp"]).Port;
        var clients = new List<RespTestClient>();
        try
        {
            var refused = 0;
            for (var n = 0; n < Limit; n++)
            {
                var client = new RespTestClient(port);
                clients.Add(client);
                if (client.Command("PING").Text != "PONG") refused++;
            }

            Assert.InRange(refused, Limit - OpenFiles.ClientsFor(Limit, 1, 256 << 20).Value, Limit - 1);
            Assert.Contains("not able to handle", clients[0].Command("CONFIG", "SET", "maxclients", "10000").Text, StringComparison.Ordinal);
            Assert.Equal("OK", clients[0].Command("SET", "k", "v").Text);
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }
}
