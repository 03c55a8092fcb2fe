using System.Text;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Commands;

/// <summary>A server with a password, and the shutdown that a client can ask for.</summary>
public sealed class AuthenticationTests(ITestOutputHelper output)
{
    private const string Password = "s3cret";
    private static readonly TimeSpan EndWait = TimeSpan.FromSeconds(15);

    public static TheoryData<string> Servers => ServersUnderTest.SiloAndControl;

    [Theory]
    [MemberData(nameof(Servers))]
    public void Nothing_is_served_before_the_password(string name)
    {
        using var server = Start(name);
        if (server is null) return;
        using var client = new RespTestClient(server.Port);

        Assert.Equal("NOAUTH Authentication required.", client.Command("GET", "k").Text);
        Assert.Equal("NOAUTH Authentication required.", client.Command("PING").Text);
        Assert.StartsWith("NOAUTH HELLO must be called with the client already authenticated", client.Command("HELLO", "3").Text, StringComparison.Ordinal);
        Assert.StartsWith("WRONGPASS invalid username-password pair or user is disabled.", client.Command("AUTH", "wrong").Text, StringComparison.Ordinal);
        Assert.StartsWith("WRONGPASS", client.Command("AUTH", "nobody", Password).Text, StringComparison.Ordinal);
        Assert.StartsWith("WRONGPASS", client.Command("HELLO", "3", "AUTH", "default", "wrong").Text, StringComparison.Ordinal);
        Assert.Equal("OK", client.Command("AUTH", Password).Text);
        Assert.Equal("PONG", client.Command("PING").Text);
        Assert.Equal("RESET", client.Command("RESET").Text);
        Assert.Equal("NOAUTH Authentication required.", client.Command("PING").Text);
        Assert.Equal("OK", client.Command("AUTH", "default", Password).Text);
        using var other = new RespTestClient(server.Port);
        Assert.Equal('%', other.Command("HELLO", "3", "AUTH", "default", Password).Type);
        Assert.Equal("PONG", other.Command("PING").Text);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public void Large_requests_are_refused_before_the_password(string name)
    {
        using var server = Start(name);
        if (server is null) return;

        Assert.Equal("-ERR Protocol error: unauthenticated multibulk length\r\n", Answer(server.Port, "*11\r\n"));
        Assert.Equal("-ERR Protocol error: unauthenticated bulk length\r\n", Answer(server.Port, "*2\r\n$4\r\nAUTH\r\n$16385\r\n"));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Shutdown_ends_the_process(string name)
    {
        using var server = Start(name);
        if (server is null) return;
        using var client = new RespTestClient(server.Port);
        client.Command("AUTH", Password);

        client.Send("SHUTDOWN", "NOSAVE");
        var end = client.ReceiveToEnd();

        Assert.Empty(end);
        Assert.True(await Eventually.HoldsAsync(() => !server.IsRunning, EndWait), "The server still runs.");
        Assert.Equal(0, server.Terminate());
    }

    private IServerUnderTest? Start(string name) => ServersUnderTest.Start(name, output, new SiloProcessOptions { Password = Password }, "--requirepass", Password);

    private static string Answer(int port, string request)
    {
        using var client = new RespTestClient(port);
        client.SendRaw(Encoding.Latin1.GetBytes(request));
        return Encoding.Latin1.GetString(client.ReceiveToEnd());
    }
}
