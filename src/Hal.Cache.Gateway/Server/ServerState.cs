namespace Hal.Cache.Gateway.Server;

/// <summary>What all connections share.</summary>
internal sealed class ServerState(TimeProvider time)
{
    public TimeProvider Time { get; } = time;

    public CommandTable Table { get; } = new();

    public ErrorCounters Errors { get; } = new();
}
