using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>
/// What must outlive the control plane: written before it is applied, one write at a time. Without a store, everything is lost at the end.
/// </summary>
internal sealed class DurableState(IControlPlaneStore? store) : IDisposable
{
    private readonly Turn turn = new();
    private readonly Dictionary<(StoredKind Kind, string Key), long> versions = [];

    /// <summary>Another has written what is kept here, so that this is not how it stands.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>Runs a change with no other durable one beside it.</summary>
    public Task<Result<T>> ChangeAsync<T>(Func<Task<Result<T>>> change, CancellationToken cancellation) => turn.RunAsync(change, cancellation);

    public Task<Result<IReadOnlyList<StoredRecord>>> LoadAsync(CancellationToken cancellation) => LoadAsync(s => s.LoadAllAsync(cancellation));

    /// <summary>Only what is about one thing, by how its keys begin.</summary>
    public Task<Result<IReadOnlyList<StoredRecord>>> LoadAsync(StoredKind kind, string keyStart, CancellationToken cancellation) =>
        LoadAsync(s => s.LoadAsync(kind, keyStart, cancellation));

    /// <summary>Stores a value; only inside of <see cref="ChangeAsync"/>.</summary>
    public async Task<CacheError?> PutAsync<T>(StoredKind kind, string key, T value, JsonTypeInfo<T> shape, CancellationToken cancellation)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, shape);
        if (json.Length > IControlPlaneStore.ValueBytesMax)
        {
            return new CacheError(
                CacheErrorCode.Invalid, $"'{key}' would take {json.Length} bytes in the store, which takes {IControlPlaneStore.ValueBytesMax} (ValueBytesMax); name a manifest in place of the keys");
        }
        if (store is null) return null;
        var put = await store.PutAsync(kind, key, json, versions.GetValueOrDefault((kind, key)), cancellation);
        if (put.IsOk) versions[(kind, key)] = put.Value;
        else if (put.Error.Code == CacheErrorCode.Changed) IsOutdated = true;
        return put.Error;
    }

    /// <summary>Stored keys of a kind that begin so.</summary>
    public IReadOnlyList<string> Keys(StoredKind kind, string start) =>
        [.. versions.Keys.Where(k => k.Kind == kind && k.Key.StartsWith(start, StringComparison.Ordinal)).Select(k => k.Key)];

    /// <summary>Deletes a value; only inside of <see cref="ChangeAsync"/>.</summary>
    public async Task<CacheError?> DeleteAsync(StoredKind kind, string key, CancellationToken cancellation)
    {
        if (store is null || !versions.TryGetValue((kind, key), out var version)) return null;
        var deleted = await store.DeleteAsync(kind, key, version, cancellation);
        if (deleted.IsOk) versions.Remove((kind, key));
        else if (deleted.Error.Code == CacheErrorCode.Changed) IsOutdated = true;
        return deleted.Error;
    }

    public void Dispose() => turn.Dispose();

    private async Task<Result<IReadOnlyList<StoredRecord>>> LoadAsync(Func<IControlPlaneStore, Task<Result<IReadOnlyList<StoredRecord>>>> load)
    {
        if (store is null) return new List<StoredRecord>();
        var loaded = await load(store);
        if (loaded.IsOk)
        {
            foreach (var record in loaded.Value) versions[(record.Kind, record.Key)] = record.Version;
        }
        return loaded;
    }
}
