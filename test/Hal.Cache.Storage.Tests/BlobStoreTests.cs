using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Storage.Tests;

public sealed class MemoryBlobStoreTests : BlobStoreContract
{
    private readonly ManualTimeProvider clock = new();

    protected override TimeProvider Time => clock;

    protected override IBlobStore Open() => BlobStores.Open(new BlobStoreOptions { IsShared = true }, new KeepRecentPolicy(true), clock).Value;

    protected override void Advance(TimeSpan time) => clock.Advance(time);
}

public abstract class FasterBlobStoreTests(StoreDurability durability) : BlobStoreContract
{
    private readonly ManualTimeProvider clock = new();
    private readonly string directory = Directory.CreateTempSubdirectory("hal-store-").FullName;

    protected override TimeProvider Time => clock;

    protected override IBlobStore Open() => BlobStores.Open(
        new BlobStoreOptions { Directory = directory, Durability = durability, IsShared = true }, new KeepRecentPolicy(true), clock).Value;

    protected override void Advance(TimeSpan time) => clock.Advance(time);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}

public sealed class CommittingBlobStoreTests() : FasterBlobStoreTests(StoreDurability.Commit);

public sealed class IntervalBlobStoreTests() : FasterBlobStoreTests(StoreDurability.Interval);

public sealed class LazyBlobStoreTests() : FasterBlobStoreTests(StoreDurability.None);
