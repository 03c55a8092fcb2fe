using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Client.Tests.Caching;

/// <summary>One silo for all tests of the distributed cache.</summary>
public sealed class SiloFixture : IDisposable
{
    private readonly SiloProcess silo = SiloProcess.Started(new SiloProcessOptions { Memory = "64mb", Disk = "0" });

    public int Port => silo.Port;

    public HalCacheOptions Options => new() { Port = Port };

    public void Dispose() => silo.Dispose();
}
