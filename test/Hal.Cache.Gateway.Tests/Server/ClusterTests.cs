using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>The cluster of one node.</summary>
public sealed class ClusterTests
{
    private const string Disabled = "-ERR This instance has cluster support disabled";
    private const string Slots = "*1|*3|:0|:16383|*4|$9|127.0.0.1|:6379|$40|ID|*0";

    [Theory]
    [InlineData(ClusterViewMode.Off, "CLUSTER SLOTS; CLUSTER NODES; CLUSTER KEYSLOT a; READONLY; READWRITE; ASKING; CLUSTER FORGET x",
        $"{Disabled}|{Disabled}|{Disabled}|{Disabled}|{Disabled}|{Disabled}|{Disabled}")]
    [InlineData(ClusterViewMode.Ask, "CLUSTER NODES; CLUSTER SLOTS; CLUSTER NODES; RESET; CLUSTER NODES",
        $"{Disabled}|{Slots}|$102|ID 127.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-16383\n|+RESET|{Disabled}")]
    [InlineData(ClusterViewMode.On, "CLUSTER NODES; CLUSTER MYID", "$102|ID 127.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-16383\n|$40|ID")]
    [InlineData(ClusterViewMode.Ask, "READONLY; READWRITE; ASKING; CLUSTER LINKS; CLUSTER SAVECONFIG", "+OK|+OK|+OK|*0|+OK")]
    [InlineData(ClusterViewMode.Ask, "CLUSTER KEYSLOT foo{hash_tag}; CLUSTER KEYSLOT somekey; CLUSTER KEYSLOT a{}b", ":2515|:11058|:13694")]
    [InlineData(ClusterViewMode.Ask, "MSET {t}a 1 u 3; CLUSTER COUNTKEYSINSLOT 15891; CLUSTER GETKEYSINSLOT 15891 9; CLUSTER GETKEYSINSLOT 15891 0",
        "+OK|:1|*1|$4|{t}a|*0")]
    [InlineData(ClusterViewMode.Ask, "CLUSTER COUNTKEYSINSLOT 16384; CLUSTER COUNTKEYSINSLOT x; CLUSTER GETKEYSINSLOT -1 1; CLUSTER GETKEYSINSLOT 0 -1",
        "-ERR Invalid slot|-ERR value is not an integer or out of range|-ERR Invalid slot or number of keys|-ERR Invalid slot or number of keys")]
    [InlineData(ClusterViewMode.Ask, "CLUSTER REPLICAS x; CLUSTER MEET 127.0.0.1 1; CLUSTER RESET",
        "-ERR Unknown node x|-ERR CLUSTER MEET is not supported: this is a cluster of one node, which always has every slot|"
        + "-ERR CLUSTER RESET is not supported: this is a cluster of one node, which always has every slot")]
    [InlineData(ClusterViewMode.Ask, "REPLICAOF NO ONE; FAILOVER TO x; FAILOVER TIMEOUT 0; FAILOVER TIMEOUT 5 TO h 1 FORCE; FAILOVER ABORT; MODULE LIST",
        "+OK|-ERR syntax error|-ERR FAILOVER timeout must be greater than 0|-ERR FAILOVER requires connected replicas.|-ERR No failover in progress.|*0")]
    [InlineData(ClusterViewMode.Ask, "REPLICAOF localhost 6379; MODULE LOAD x.so; PSYNC ? -1",
        "-ERR REPLICAOF is not supported: instances are kept alike by the tree that they are part of, not by Redis's replication|"
        + "-ERR MODULE LOAD is not supported: no modules are loaded into this server|"
        + "-ERR PSYNC is not supported: instances are kept alike by the tree that they are part of, not by Redis's replication")]
    public async Task Commands_answer_as_the_view_has_it(ClusterViewMode mode, string script, string expected)
    {
        await using var host = new ServerHost(options: new GatewayOptions { ClusterView = mode });

        string got = await host.RunAsync(string.Join("; ", script.Split("; ").Select(command => "a>" + command)));

        Assert.Equal(expected, got.Replace(host.State.Cluster.NodeId, "ID", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Shards_are_maps_for_RESP3()
    {
        await using var host = new ServerHost();

        string got = await host.RunAsync("a>HELLO 3; a>CLUSTER SHARDS");

        Assert.Equal(
            "*1|%2|$5|slots|*2|:0|:16383|$5|nodes|*1|%7|$2|id|$40|ID|$4|port|:6379|$2|ip|$9|127.0.0.1|$8|endpoint|$9|127.0.0.1|$4|role|$6|master|"
            + "$18|replication-offset|:0|$6|health|$6|online",
            got.Replace(host.State.Cluster.NodeId, "ID", StringComparison.Ordinal));
    }

    [Fact]
    public void Slots_of_keys_are_those_of_Redis()
    {
        if (!RedisServerProcess.IsAvailable) return;
        int bus = FreePort.Next(); // else ten thousand above the other, where the kernel may have given it to a connection
        using RedisServerProcess redis = RedisServerProcess.Started("--cluster-enabled", "yes", "--cluster-port", $"{bus}");
        using var client = new RespTestClient(redis.Port);

        foreach (string key in (string[])["", "a", "foo{hash_tag}", "somekey", "a{}b", "{}{x}", "{a}{b}", "x{y", "}{z}"])
            Assert.Equal($":{Resp.Crc16.HashSlot(System.Text.Encoding.Latin1.GetBytes(key))}", client.Command("CLUSTER", "KEYSLOT", key).ToString());
    }
}
