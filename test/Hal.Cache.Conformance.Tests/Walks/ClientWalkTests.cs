using System.Globalization;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Walks;

/// <summary>Stock clients against the silo, and against redis-server to show that the walks are right.</summary>
public sealed class ClientWalkTests(ITestOutputHelper output)
{
    private static readonly string[] Walks = ["ioredis.mjs", "node-redis.mjs", "walk.py", "walk.sh"];

    private static readonly string[] TypeWalks = ["ioredis-types.mjs", "node-redis-types.mjs", "valkey-glide.mjs", "walk-types.py", "hiredis.sh"];

    private static readonly (string Script, string[] Extra)[] TreeWalks = [("tree.mjs", []), ("tree.mjs", ["node-redis"]), ("tree.py", []), ("tree.sh", [])];

    public static TheoryData<string, string> ServersAndWalks
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var server in (string[])["silo", "redis"])
            {
                foreach (var walk in Walks) data.Add(server, walk);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(ServersAndWalks))]
    public void Client_finds_every_reply_as_it_expects(string server, string walk)
    {
        if (ClientWalks.Missing(walk) is { } missing)
        {
            output.WriteLine($"Left out: {walk}: {missing}.");
            return;
        }

        using var under = ServersUnderTest.Start(server, output);
        if (under is null) return;
        var (code, said) = ClientWalks.Run(walk, "127.0.0.1", Text(under.Port));

        output.WriteLine(said);
        Assert.True(code == 0, $"{walk} against {server}: {said}\n--- the server's last lines:\n{under.Output}");
    }

    [Theory]
    [InlineData("leaf")]
    [InlineData("redis")]
    public void Clients_find_all_of_redis_at_a_leaf(string server)
    {
        using var under = ServersUnderTest.Start(server, output);
        if (under is null) return;
        foreach (var walk in TypeWalks)
        {
            if (ClientWalks.Missing(walk) is { } missing)
            {
                output.WriteLine($"Left out: {walk}: {missing}.");
                continue;
            }

            var (code, said) = ClientWalks.Run(walk, "127.0.0.1", Text(under.Port));

            output.WriteLine(said);
            Assert.True(code == 0, $"{walk} against {server}: {said}\n--- the server's last lines:\n{under.Output}");
        }
    }

    [Fact]
    public void Clients_read_a_directory_through_an_origin_byte_for_byte_twice()
    {
        var directory = Directory.GetDirectories(Path.Combine(ClientWalks.DotnetRoot, "sdk"))
            .Select(version => Path.Combine(version, "Sdks")).FirstOrDefault(Directory.Exists) ?? ClientWalks.DotnetRoot;
        using var silo = SiloProcess.Started(new SiloProcessOptions { Origins = [$"sdk/=file://{directory}"] });

        for (var round = 1; round <= 2; round++)
        {
            foreach (var (script, extra) in TreeWalks)
            {
                if (ClientWalks.Missing(script) is { } missing)
                {
                    output.WriteLine($"Left out: {script}: {missing}.");
                    continue;
                }

                var (code, said) = ClientWalks.Run(script, ["127.0.0.1", Text(silo.Port), directory, "sdk/", .. extra]);

                output.WriteLine($"Round {round}: {said}");
                Assert.True(code == 0, $"{script} in round {round}: {said}\n--- the server's last lines:\n{silo.Output}");
            }
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
