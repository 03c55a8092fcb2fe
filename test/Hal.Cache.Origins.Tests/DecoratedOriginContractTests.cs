using Hal.Cache.Contracts.Origins;
using Hal.Cache.ContractSuites;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Origins.Tests;

/// <summary>The decorators change nothing until they are told to.</summary>
public sealed class DecoratedOriginContractTests : OriginContract
{
    private readonly MemoryOrigin origin = new();

    public DecoratedOriginContractTests() => Origin = new CountingOrigin(new FaultyOrigin(origin, seed: 1));

    protected override IOrigin Origin { get; }

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
