using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;

namespace Hal.Cache.Gateway.Tests.Clients;

public sealed class ClientRegistryTests
{
    private const int Commands = 4;

    [Fact]
    public void A_client_that_was_cut_is_seen_by_nobody_and_counted_once_before_and_after_its_end()
    {
        var registry = new ClientRegistry(10);
        var counters = new CommandCounters();
        bool isAborted = false;
        var client = new ClientSession(registry.NextId(), "", "", DateTimeOffset.UnixEpoch, () => isAborted = true, Commands);
        registry.TryAdd(client);
        client.Counters.Calls[1] = 7;

        registry.Cut(client);

        Assert.True(isAborted);
        Assert.Empty(registry.All);
        Assert.Equal(0, registry.Count);
        Assert.Equal(7, counters.Total(registry, Commands).Calls[1]);
        counters.Ended(registry, client);
        Assert.Equal(7, counters.Total(registry, Commands).Calls[1]);
        Assert.Empty(registry.Counted);
    }
}
