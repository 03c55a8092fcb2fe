using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Hostile;

/// <summary>Whatever a client sends, the server stays up, its neighbours are answered, and the memory comes back.</summary>
public abstract class HostileInputTests : IDisposable
{
    private const int StandardSeed = 4711;
    private const int NoiseRequests = 400;
    private const int IdleConnections = 10_000;
    private const int PipelinedCommands = 100_000;
    private const long ResidentGrowthMax = 64L << 20;
    private static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SettleWait = TimeSpan.FromSeconds(20);

    private readonly ITestOutputHelper _output;
    private readonly IServerUnderTest? _server;

    private protected HostileInputTests(IServerUnderTest? server, ITestOutputHelper output)
    {
        _output = output;
        _server = server;
        if (server is null) output.WriteLine("Left out: redis-server is not installed.");
    }

    public static TheoryData<string, string> Refused => HostileInput.Refused;

    public static TheoryData<string> Ignored => HostileInput.Ignored;

    [Theory]
    [MemberData(nameof(Refused))]
    public void Broken_request_is_answered_with_the_error_of_Redis_and_a_close(string request, string error)
    {
        if (_server is not { } server) return;
        using var client = new RespTestClient(server.Port, CloseWait);

        client.SendRaw(Encoding.Latin1.GetBytes(request));
        var answer = Encoding.Latin1.GetString(client.ReceiveToEnd());

        Assert.Equal($"-ERR {error}\r\n", answer);
        AssertServes(server);
    }

    [Theory]
    [MemberData(nameof(Ignored))]
    public void Empty_request_is_ignored(string request)
    {
        if (_server is not { } server) return;
        using var client = new RespTestClient(server.Port, CloseWait);

        client.SendRaw(Encoding.Latin1.GetBytes(request));
        var reply = client.Command("PING");

        Assert.Equal("PONG", reply.Text);
    }

    [Fact]
    public void Truncated_requests_of_clients_that_go_away_leave_nothing_behind()
    {
        if (_server is not { } server) return;
        using var neighbour = new Neighbour(server.Port);

        foreach (var request in HostileInput.Truncated())
        {
            using var client = new RespTestClient(server.Port, CloseWait);
            client.SendRaw(request);
            client.ShutdownSend();
            Assert.Empty(client.ReceiveToEnd());
        }

        AssertNeighbour(neighbour);
        using var last = new RespTestClient(server.Port);
        Assert.True(last.Command("GET", "truncated").IsNull);
    }

    [Fact]
    public void Noise_ends_in_replies_or_a_close_and_the_server_goes_on()
    {
        if (_server is not { } server) return;
        var seed = TestSeed.Of(StandardSeed);
        _output.WriteLine($"Seed {seed}.");
        var before = ProcessUsage.ResidentBytes(server.Pid);
        using var neighbour = new Neighbour(server.Port);

        foreach (var request in HostileInput.Noise(seed, NoiseRequests))
        {
            using var client = new RespTestClient(server.Port, CloseWait);
            SendIgnoringReset(client, request);
            TryShutdownSend(client);
            client.ReceiveToEnd();
        }

        AssertNeighbour(neighbour);
        AssertServes(server);
        Assert.True(ProcessUsage.ResidentBytes(server.Pid) < before + ResidentGrowthMax);
    }

    [Fact]
    public void Slow_sender_is_understood_byte_by_byte_and_delays_nobody()
    {
        if (_server is not { } server) return;
        using var neighbour = new Neighbour(server.Port);
        using var client = new RespTestClient(server.Port);

        foreach (var one in RespTestClient.Encode(RespTestClient.Bytes("SET", "slow", new string('v', 3000)))) client.SendRaw([one]);
        var reply = client.Receive();
        foreach (var one in "GET slow\r\n"u8.ToArray()) client.SendRaw([one]);

        Assert.Equal("OK", reply.Text);
        Assert.Equal(3000, client.Receive().Bytes!.Length);
        AssertNeighbour(neighbour);
    }

    [Fact]
    public void Announced_but_never_sent_values_take_no_memory()
    {
        if (_server is not { } server) return;
        if (server.Name == "redis") return; // Redis allocates an announced value at once: up to 512 MB a connection.
        const int Clients = 64;
        var before = ProcessUsage.ResidentBytes(server.Pid);
        using var neighbour = new Neighbour(server.Port);

        var clients = Enumerable.Range(0, Clients).Select(_ => new RespTestClient(server.Port)).ToList();
        foreach (var client in clients) client.SendRaw("*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$536870912\r\nstart"u8);
        AssertServes(server);
        var during = ProcessUsage.ResidentBytes(server.Pid);
        foreach (var client in clients) client.Dispose();

        AssertNeighbour(neighbour);
        Assert.True(during < before + ResidentGrowthMax, $"Resident memory went from {before} to {during} bytes.");
        using var last = new RespTestClient(server.Port);
        Assert.True(last.Command("GET", "big").IsNull);
    }

    [Fact]
    public void Largest_request_of_empty_arguments_is_answered()
    {
        if (_server is not { } server) return;
        const int Arguments = 1_048_576;
        using var neighbour = new Neighbour(server.Port);
        using var client = new RespTestClient(server.Port);
        var request = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{Arguments}\r\n$6\r\nEXISTS\r\n");
        for (var i = 1; i < Arguments; i++) request.Append("$0\r\n\r\n");

        client.SendRaw(Encoding.ASCII.GetBytes(request.ToString()));

        Assert.Equal(0, client.Receive().Number);
        AssertNeighbour(neighbour);
    }

    [Fact]
    public async Task Ten_thousand_idle_connections_leave_the_others_served()
    {
        if (_server is not { } server) return;
        var connections = (int)Math.Min(IdleConnections, OpenFileLimit.Hard() - 1000);
        if (connections < IdleConnections) _output.WriteLine($"Only {connections} connections: this environment allows {OpenFileLimit.Hard()} open files.");
        using var neighbour = new Neighbour(server.Port);
        var before = ProcessUsage.ResidentBytes(server.Pid);
        var idle = new List<RespTestClient>(connections);
        try
        {
            for (var i = 0; i < connections; i++) idle.Add(new RespTestClient(server.Port));
            var during = ProcessUsage.ResidentBytes(server.Pid);
            var served = idle.Count(Answers);

            _output.WriteLine($"{server.Name}: {served} of {connections} served, {(during - before) / connections} bytes of resident memory a connection.");
            Assert.True(served >= connections * 99L / 100, $"Only {served} of {connections} connections are served.");
            AssertNeighbour(neighbour);
        }
        finally
        {
            foreach (var client in idle) client.Dispose();
        }

        using var after = new RespTestClient(server.Port);
        Assert.True(await Eventually.HoldsAsync(() => Clients(after) < 10, SettleWait), "The server keeps connections that are closed.");
    }

    [Fact]
    public void Half_closed_client_gets_its_replies_and_then_a_close()
    {
        if (_server is not { } server) return;
        using var client = new RespTestClient(server.Port, CloseWait);

        client.SendRaw("PING\r\nECHO bye\r\n"u8);
        client.ShutdownSend();
        var answer = Encoding.Latin1.GetString(client.ReceiveToEnd());

        // Redis reads the end of the stream and may drop replies not yet sent; what comes must be a prefix of them.
        Assert.StartsWith(answer, "+PONG\r\n$3\r\nbye\r\n", StringComparison.Ordinal);
        AssertServes(server);
    }

    [Fact]
    public async Task Pipeline_of_100000_commands_without_reading_is_answered_in_order()
    {
        if (_server is not { } server) return;
        using var neighbour = new Neighbour(server.Port);
        using var client = new RespTestClient(server.Port);
        var request = new StringBuilder();
        for (var i = 0; i < PipelinedCommands; i++) request.Append(CultureInfo.InvariantCulture, $"ECHO {i}\r\n");

        // A server may stop reading while its replies are not taken: the sender must not be the reader.
        var sender = Task.Factory.StartNew(
            () => client.SendRaw(Encoding.ASCII.GetBytes(request.ToString())), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (var i = 0; i < PipelinedCommands; i++) Assert.Equal(i.ToString(CultureInfo.InvariantCulture), client.Receive().Text);
        await sender;

        AssertNeighbour(neighbour);
    }

    [Fact]
    public async Task Client_that_never_reads_large_replies_delays_nobody_and_its_memory_comes_back()
    {
        if (_server is not { } server) return;
        const int Replies = 16;
        using (var setup = new RespTestClient(server.Port)) setup.Command("SET", "large", new string('v', 16 << 20));
        var before = ProcessUsage.ResidentBytes(server.Pid);
        using var neighbour = new Neighbour(server.Port);
        long during;
        using (var client = new RespTestClient(server.Port, CloseWait, receiveBufferBytes: 4096))
        {
            for (var i = 0; i < Replies; i++) client.Send("GET", "large");
            AssertServes(server);
            during = ProcessUsage.ResidentBytes(server.Pid);
        }

        AssertNeighbour(neighbour);
        if (server.Name == "silo") Assert.True(during < before + ResidentGrowthMax, $"Unread replies took {during - before} bytes.");
        Assert.True(
            await Eventually.HoldsAsync(() => ProcessUsage.ResidentBytes(server.Pid) < before + ResidentGrowthMax, SettleWait),
            $"Resident memory was {before}, is {ProcessUsage.ResidentBytes(server.Pid)}.");
    }

    public void Dispose()
    {
        // A crash that the test itself did not notice is noticed here.
        GC.SuppressFinalize(this);
        Assert.True(_server?.IsRunning ?? true, $"The server is gone:\n{_server?.Output}");
    }

    private static void AssertServes(IServerUnderTest server)
    {
        using var client = new RespTestClient(server.Port, Neighbour.WaitMax);
        Assert.Equal("PONG", client.Command("PING").Text);
    }

    private void AssertNeighbour(Neighbour neighbour)
    {
        var longest = neighbour.LongestWait();
        _output.WriteLine($"A neighbour waited at most {longest.TotalMilliseconds:F0} ms.");
        Assert.True(longest < Neighbour.WaitMax, $"A neighbour waited {longest}.");
    }

    private static bool Answers(RespTestClient client)
    {
        try
        {
            return client.Command("PING").Text == "PONG";
        }
        catch (Exception error) when (error is SocketException or EndOfStreamException)
        {
            return false;
        }
    }

    private static int Clients(RespTestClient client) => client.Command("CLIENT", "LIST").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private static void SendIgnoringReset(RespTestClient client, byte[] bytes)
    {
        try
        {
            client.SendRaw(bytes);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // The server has refused the first bytes while the last were still on their way.
        }
    }

    private static void TryShutdownSend(RespTestClient client)
    {
        try
        {
            client.ShutdownSend();
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.NotConnected or SocketError.ConnectionReset)
        {
            // Closed by the server already.
        }
    }
}
