using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway.Server;

/// <summary>What all connections share.</summary>
internal sealed class ServerState(GatewayOptions options, Keyspace keyspace, TimeProvider time, GatewayTree? tree = null)
{
    private ConfigParameters? config;
    private SlowLog? slowLog;

    public GatewayOptions Options { get; } = options;

    public Keyspace Keyspace { get; } = keyspace;

    public TimeProvider Time { get; } = time;

    /// <summary>What connects this instance to the others; null where it stands alone.</summary>
    public GatewayTree? Tree { get; } = tree;

    /// <summary>Sends commands to the authority; null where this instance is it.</summary>
    public CommandForwarder? Forwarder { get; } = tree is { Authorities.IsAuthority: false } ? new(tree, time) : null;

    /// <summary>Runs the commands that other instances forward; null where none may.</summary>
    public ForwardedRuns? Forwarded { get; } = tree is { Authorities.IsAuthority: true } ? new(keyspace) : null;

    public CommandTable Table { get; } = new();

    public ErrorCounters Errors { get; } = new();

    public CommandCounters Counters { get; } = new();

    public ConfigParameters Config => config ??= new ConfigParameters(this);

    public SlowLog SlowLog => slowLog ??= new SlowLog(Config);

    public ClientRegistry Clients { get; } = new(options.ClientsMax);

    public MonitorList Monitors { get; } = new();

    public ClientPause Pause { get; } = new(time);

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>40 hexadecimal digits, new at every start.</summary>
    public string RunId { get; } = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20));

    public void ResetStatistics()
    {
        Counters.Reset(Clients.All);
        Errors.Reset();
    }
}
