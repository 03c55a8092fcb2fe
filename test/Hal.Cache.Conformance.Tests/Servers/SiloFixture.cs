using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Servers;

/// <summary>One silo for all tests of a class.</summary>
public sealed class SiloFixture : IDisposable
{
    public IServerUnderTest Server { get; } = SiloProcess.Started();

    public void Dispose() => Server.Dispose();
}
