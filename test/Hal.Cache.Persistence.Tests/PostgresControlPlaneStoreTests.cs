using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Persistence.Tests;

[Collection(PostgresFixture.Collection)]
public sealed class PostgresControlPlaneStoreTests(PostgresFixture postgres) : ControlPlaneStoreContract
{
    private string connection = "";

    public override async Task InitializeAsync()
    {
        connection = await postgres.CreateDatabaseAsync();
        await base.InitializeAsync();
    }

    protected override Task<IControlPlaneStore> OpenAsync() =>
        Task.FromResult<IControlPlaneStore>(new PostgresControlPlaneStore(new PostgresStoreOptions { ConnectionString = connection }, TimeProvider.System));

    protected override async Task CloseAsync(IControlPlaneStore opened) => await ((PostgresControlPlaneStore)opened).DisposeAsync();
}
