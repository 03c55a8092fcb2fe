using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Persistence.Tests;

public sealed class FileControlPlaneStoreTests : ControlPlaneStoreContract, IDisposable
{
    private readonly TempDirectory directory = new("plane-store");

    // Runs after DisposeAsync, which closes the store.
    public void Dispose() => directory.Dispose();

    protected override Task<IControlPlaneStore> OpenAsync() => Task.FromResult<IControlPlaneStore>(new FileControlPlaneStore(directory.Path));

    protected override Task CloseAsync(IControlPlaneStore opened)
    {
        ((FileControlPlaneStore)opened).Dispose();
        return Task.CompletedTask;
    }
}
