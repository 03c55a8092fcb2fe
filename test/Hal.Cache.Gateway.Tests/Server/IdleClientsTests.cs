namespace Hal.Cache.Gateway.Tests.Server;

public sealed class IdleClientsTests
{
    [Fact]
    public async Task Clients_are_closed_when_they_are_idle_for_longer_than_the_timeout()
    {
        await using var host = new ServerHost();
        await host["idle"].RunAsync(["PING"]);
        await host["listens"].RunAsync(["SUBSCRIBE", "x"]);
        await host["watches"].RunAsync(["MONITOR"]);
        await host["b"].RunAsync(["CONFIG", "SET", "timeout", "10"]);

        host.Time.Advance(TimeSpan.FromSeconds(6));
        await host["b"].RunAsync(["PING"]);
        host.Time.Advance(TimeSpan.FromSeconds(6));

        Assert.True(host["idle"].IsCut);
        Assert.False(host["listens"].IsCut);
        Assert.False(host["watches"].IsCut);
        Assert.False(host["b"].IsCut);
    }

    [Fact]
    public async Task Nobody_is_closed_when_the_timeout_is_zero()
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["CONFIG", "SET", "timeout", "10"]);
        await host["a"].RunAsync(["CONFIG", "SET", "timeout", "0"]);

        host.Time.Advance(TimeSpan.FromHours(1));

        Assert.False(host["a"].IsCut);
    }

    [Fact]
    public async Task A_client_whose_command_waits_is_not_idle()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["CONFIG", "SET", "timeout", "10"]);
        int armed = host.Time.ArmedTimers;
        Task<string> sleeping = host["a"].RunAsync(["DEBUG", "SLEEP", "30"]);
        await host.Time.WhenArmedAsync(armed + 1).WaitAsync(Clients.ConnectionHost.WaitMax);

        host.Time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal("+OK\r\n", await sleeping.WaitAsync(Clients.ConnectionHost.WaitMax));
        Assert.False(host["a"].IsCut);
    }
}
