using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Commands;

/// <summary>Commands that change a connection or end it: step by step, because random sequences cannot hold them.</summary>
public abstract partial class ConnectionTests // partial: generated regular expressions
{
    private readonly IServerUnderTest? _server;
    private readonly bool _isSilo;

    private protected ConnectionTests(IServerUnderTest? server, ITestOutputHelper output)
    {
        _server = server;
        _isSilo = server?.Name == "silo";
        if (server is null) output.WriteLine("Left out: redis-server is not installed.");
    }

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public void Hello_names_server_version_protocol_and_role(string protocol)
    {
        if (_server is null) return;
        using var client = new RespTestClient(_server.Port);

        var reply = client.Command("HELLO", protocol, "SETNAME", "me");
        var names = reply.Items!.Where((_, index) => index % 2 == 0).Select(item => item.Text);

        Assert.Equal(protocol == "2" ? '*' : '%', reply.Type);
        Assert.Equal(["server", "version", "proto", "id", "mode", "role", "modules"], names);
        Assert.Equal("redis", reply.Items![1].Text);
        Assert.Equal(protocol, reply.Items[5].Text);
        Assert.Equal("standalone", reply.Items[9].Text);
        Assert.Equal("master", reply.Items[11].Text);
        Assert.Empty(reply.Items[13].Items!);
        Assert.Equal("me", client.Command("CLIENT", "GETNAME").Text);
        Assert.Equal(protocol == "2" ? "$(null)" : "_(null)", client.Command("GET", "no such key").ToString());
    }

    [Fact]
    public void Quit_is_answered_and_closes_what_comes_after_it_is_not_run()
    {
        if (_server is null) return;
        using var client = new RespTestClient(_server.Port);

        client.SendRaw("QUIT\r\nSET after-quit 1\r\n"u8);
        var answer = Encoding.Latin1.GetString(client.ReceiveToEnd());

        using var other = new RespTestClient(_server.Port);
        Assert.Equal("+OK\r\n", answer);
        Assert.Equal(0, other.Command("EXISTS", "after-quit").Number);
    }

    [Fact]
    public void Reset_forgets_protocol_name_and_database()
    {
        if (_server is null) return;
        using var client = new RespTestClient(_server.Port);
        client.Command("HELLO", "3", "SETNAME", "me");
        client.Command("SELECT", "3");
        client.Command("SET", "reset-key", "in 3");

        var reply = client.Command("RESET");

        Assert.Equal("+RESET", reply.ToString());
        Assert.Equal("$(null)", client.Command("GET", "reset-key").ToString());
        Assert.True(client.Command("CLIENT", "GETNAME").Text.Length == 0);
    }

    [Fact]
    public void Client_reply_off_skip_and_on_silence_what_they_should()
    {
        if (_server is null) return;
        using var client = new RespTestClient(_server.Port);

        client.SendRaw("CLIENT REPLY SKIP\r\nPING skipped\r\nPING one\r\nCLIENT REPLY OFF\r\nPING off\r\nNOSUCH\r\nCLIENT REPLY ON\r\nPING two\r\n"u8);

        Assert.Equal("one", client.Receive().Text);
        Assert.Equal("OK", client.Receive().Text);
        Assert.Equal("two", client.Receive().Text);
    }

    [Fact]
    public void Client_kill_by_id_closes_that_connection_only()
    {
        if (_server is null) return;
        using var victim = new RespTestClient(_server.Port);
        using var client = new RespTestClient(_server.Port);
        var id = victim.Command("CLIENT", "ID").Text;

        var killed = client.Command("CLIENT", "KILL", "ID", id);

        Assert.Equal(1, killed.Number);
        Assert.Empty(victim.ReceiveToEnd());
        Assert.Equal("PONG", client.Command("PING").Text);
        Assert.DoesNotContain($"id={id} ", client.Command("CLIENT", "LIST").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Client_list_has_the_fields_that_clients_read()
    {
        if (_server is null) return;
        using var client = new RespTestClient(_server.Port);
        client.Command("CLIENT", "SETNAME", "listed");
        client.Command("SELECT", "2");

        var fields = client.Command("CLIENT", "INFO").Text.Trim().Split(' ').Select(field => field.Split('=', 2)).ToDictionary(field => field[0], field => field[1]);

        Assert.Equal("listed", fields["name"]);
        Assert.Equal("2", fields["db"]);
        Assert.Equal("client|info", fields["cmd"]);
        foreach (var name in (string[])["id", "addr", "laddr", "fd", "age", "idle", "flags", "sub", "psub", "multi", "qbuf", "obl", "oll", "omem", "tot-mem", "user", "redir", "resp"])
            Assert.True(fields.ContainsKey(name), $"CLIENT INFO has no {name}.");
    }

    [Fact]
    public void Client_pause_holds_writes_until_unpause()
    {
        if (_server is null) return;
        using var admin = new RespTestClient(_server.Port);
        using var writer = new RespTestClient(_server.Port);
        using var reader = new RespTestClient(_server.Port);

        Assert.Equal("OK", admin.Command("CLIENT", "PAUSE", "60000", "WRITE").Text);
        writer.Send("SET", "paused", "1");
        for (var i = 0; i < 100; i++) Assert.True(reader.Command("GET", "paused").IsNull);
        Assert.Equal("OK", admin.Command("CLIENT", "UNPAUSE").Text);

        Assert.Equal("OK", writer.Receive().Text);
        Assert.Equal("1", reader.Command("GET", "paused").Text);
    }

    [Fact]
    public void Monitor_shows_commands_of_others_with_time_database_address_and_arguments()
    {
        if (_server is null) return;
        using var monitor = new RespTestClient(_server.Port);
        using var client = new RespTestClient(_server.Port);

        Assert.Equal("OK", monitor.Command("MONITOR").Text);
        client.Command("SELECT", "1");
        client.Command("SET", "monitored", "a\"b\r\n\u0001");
        monitor.Receive();
        var line = monitor.Receive();

        Assert.Equal('+', line.Type);
        Assert.Matches(MonitorLine(), line.Text);
    }

    [Fact]
    public async Task Expired_keys_go_without_being_touched()
    {
        if (_server is null) return;
        using var client = new RespTestClient(_server.Port);
        client.Command("SELECT", "9");
        client.Command("FLUSHDB");
        for (var i = 0; i < 1000; i++) client.Command("SET", string.Create(CultureInfo.InvariantCulture, $"gone:{i}"), "v", "PX", "20");

        var gone = await Eventually.HoldsAsync(() => client.Command("DBSIZE").Number == 0, TimeSpan.FromSeconds(20));

        Assert.True(gone, $"{client.Command("DBSIZE").Number} of 1000 expired keys are still counted.");
    }

    [Fact]
    public void Client_setinfo_and_no_touch_are_accepted()
    {
        if (!_isSilo) return; // Since 7.2; the control is 7.0.
        using var client = new RespTestClient(_server!.Port);

        Assert.Equal("OK", client.Command("CLIENT", "SETINFO", "LIB-NAME", "lib").Text);
        Assert.Equal("OK", client.Command("CLIENT", "SETINFO", "lib-ver", "1.2").Text);
        Assert.Equal("ERR Unrecognized option 'foo'", client.Command("CLIENT", "SETINFO", "foo", "1").Text);
        Assert.Equal("ERR lib-name cannot contain spaces, newlines or special characters.", client.Command("CLIENT", "SETINFO", "lib-name", "a b").Text);
        Assert.Equal("OK", client.Command("CLIENT", "NO-TOUCH", "ON").Text);
        Assert.Contains("lib-name=lib lib-ver=1.2", client.Command("CLIENT", "INFO").Text, StringComparison.Ordinal);
    }

    [GeneratedRegex("^[0-9]+\\.[0-9]{6} \\[1 127\\.0\\.0\\.1:[0-9]+\\] \"SET\" \"monitored\" \"a\\\\\"b\\\\r\\\\n\\\\x01\"$")]
    private static partial Regex MonitorLine();
}
