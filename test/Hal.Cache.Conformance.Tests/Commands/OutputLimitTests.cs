using System.Globalization;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Commands;

/// <summary>What waits for a client that does not read, as it is told and as it is limited; the same for the silo and for redis-server.</summary>
public sealed class OutputLimitTests(ITestOutputHelper output)
{
    /// <summary>A reply of 38 MB: more than the kernel keeps for a client that does not read.</summary>
    private const int Elements = 600, ElementBytes = 64_000;

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Servers => ServersUnderTest.SiloAndControl;

    [Theory]
    [MemberData(nameof(Servers))]
    public void A_client_is_cut_for_a_reply_beyond_the_hard_limit_of_the_class_normal(string name)
    {
        using IServerUnderTest? server = ServersUnderTest.Start(name, output);
        if (server is null) return;
        using var admin = new RespTestClient(server.Port);
        Fill(admin);
        admin.Command("CONFIG", "SET", "client-output-buffer-limit", "normal 1mb 0 0");
        using var client = new RespTestClient(server.Port);

        client.SendRaw("*4\r\n$6\r\nLRANGE\r\n$1\r\nl\r\n$1\r\n0\r\n$2\r\n-1\r\n"u8);

        Assert.Empty(client.ReceiveToEnd());
        Assert.Equal("PONG", admin.Command("PING").Text);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public void What_a_client_does_not_read_is_told_as_its_output_and_cuts_it_when_the_soft_limits_time_is_over(string name)
    {
        using IServerUnderTest? server = ServersUnderTest.Start(name, output);
        if (server is null) return;
        using var admin = new RespTestClient(server.Port);
        Fill(admin);
        using var client = new RespTestClient(server.Port);
        long id = client.Command("CLIENT", "ID").Number;

        client.SendRaw("*4\r\n$6\r\nLRANGE\r\n$1\r\nl\r\n$1\r\n0\r\n$2\r\n-1\r\n"u8);
        string waiting = Until(admin, id, line => Field(line, "omem") > 10_000_000);
        admin.Command("CONFIG", "SET", "client-output-buffer-limit", "normal 0 1mb 1");
        string gone = Until(admin, id, line => line.Length == 0);

        Assert.True(Field(waiting, "tot-mem") > Field(waiting, "omem"), waiting);
        Assert.Equal("", gone);
    }

    private static void Fill(RespTestClient client) =>
        client.Command(["RPUSH", "l", .. Enumerable.Repeat(new string('v', ElementBytes), Elements)]);

    /// <summary>What CLIENT LIST tells of a client once that is so; a command that waits for a key for a moment paces the questions.</summary>
    private static string Until(RespTestClient admin, long id, Func<string, bool> isSo)
    {
        for (long since = Environment.TickCount64; ;)
        {
            string line = admin.Command("CLIENT", "LIST", "ID", id.ToString(CultureInfo.InvariantCulture)).Text!.TrimEnd();
            if (isSo(line)) return line;
            Assert.True(Environment.TickCount64 - since < WaitMax.TotalMilliseconds, line);
            admin.Command("BLPOP", "nosuch", "0.02");
        }
    }

    private static long Field(string line, string name)
    {
        int at = line.IndexOf($" {name}=", StringComparison.Ordinal);
        return at < 0 ? -1 : long.Parse(line[(at + name.Length + 2)..].Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
