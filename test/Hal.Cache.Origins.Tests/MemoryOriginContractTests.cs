using Hal.Cache.Contracts.Origins;
using Hal.Cache.ContractSuites;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Origins.Tests;

/// <summary>The test double keeps the promises that it stands in for.</summary>
public sealed class MemoryOriginContractTests : OriginContract
{
    private readonly MemoryOrigin origin = new();

    protected override IOrigin Origin => origin;

    protected override ValueTask PutAsync(string path, byte[] content)
    {
        origin.Put(path, content);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask RemoveAsync(string path)
    {
        origin.Remove(path);
        return ValueTask.CompletedTask;
    }
}
