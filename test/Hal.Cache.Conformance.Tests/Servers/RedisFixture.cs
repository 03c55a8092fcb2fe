using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Servers;

/// <summary>One redis-server for all tests of a class; null where it is not installed.</summary>
public sealed class RedisFixture : IDisposable
{
    public IServerUnderTest? Server { get; } = RedisServerProcess.IsAvailable ? RedisServerProcess.Started("--maxclients", "12000") : null;

    public void Dispose() => Server?.Dispose();
}
