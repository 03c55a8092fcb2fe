using Hal.Cache.Gateway.Connections;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway;

/// <summary>What all connections of one instance share.</summary>
internal sealed class ServerState(GatewayOptions options, Keyspace keyspace, CommandTable commands, TimeProvider time)
{
    public GatewayOptions Options { get; } = options;

    public Keyspace Keyspace { get; } = keyspace;

    public CommandTable Commands { get; } = commands;

    public TimeProvider Time { get; } = time;

    public ClientRegistry Clients { get; } = new(options.ClientsMax);

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>40 hexadecimal digits, new at every start.</summary>
    public string RunId { get; } = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20));
}
