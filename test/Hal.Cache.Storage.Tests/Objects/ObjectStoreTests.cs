using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Storage.Tests.Objects;

public sealed class MemoryObjectStoreTests : ObjectStoreContract
{
    private readonly ManualTimeProvider clock = new();

    protected override TimeProvider Time => clock;

    protected override IBlobStore Open() =>
        BlobStores.Open(new BlobStoreOptions { ObjectCodec = new MultimapCodec() }, new KeepRecentPolicy(true), clock).Value;

    protected override void Advance(TimeSpan time) => clock.Advance(time);
}

public abstract class FasterObjectStoreTests(StoreDurability durability) : ObjectStoreContract
{
    private readonly ManualTimeProvider clock = new();
    private readonly string directory = Directory.CreateTempSubdirectory("hal-store-").FullName;

    protected override TimeProvider Time => clock;

    protected override IBlobStore Open() => BlobStores.Open(
        new BlobStoreOptions { Directory = directory, Durability = durability, ObjectCodec = new MultimapCodec() }, new KeepRecentPolicy(true), clock).Value;

    protected override void Advance(TimeSpan time) => clock.Advance(time);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}

public sealed class CommittingObjectStoreTests() : FasterObjectStoreTests(StoreDurability.Commit);

public sealed class IntervalObjectStoreTests() : FasterObjectStoreTests(StoreDurability.Interval);

public sealed class LazyObjectStoreTests() : FasterObjectStoreTests(StoreDurability.None);
