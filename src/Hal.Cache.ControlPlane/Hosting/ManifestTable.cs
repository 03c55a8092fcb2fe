using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Scheduling;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Stored lists of keys; changes have <see cref="DurableState"/>'s turn, look-ups may come from any thread.</summary>
internal sealed class ManifestTable(DurableState durable)
{
    private readonly ConcurrentDictionary<string, (PackedKeys Keys, DateTimeOffset StoredAt)> manifests = new(StringComparer.Ordinal);

    public static CacheError Unknown(string manifest) => new(CacheErrorCode.NotFound, $"there is no manifest '{manifest}'");

    public PackedKeys? Find(string manifest) => manifests.TryGetValue(manifest, out var found) ? found.Keys : null;

    public Result<ManifestInfo> Get(string manifest) =>
        manifests.TryGetValue(manifest, out var found) ? new ManifestInfo(manifest, found.Keys.Count, found.StoredAt) : Unknown(manifest);

    /// <summary>A page of a list; cursors are places in it.</summary>
    public Result<Page<CacheKey>> Keys(string manifest, PageRequest page)
    {
        if (Paging.Check(page) is { } error) return error;
        if (Find(manifest) is not { } keys) return Unknown(manifest);
        var first = 0;
        if (page.Cursor is { } cursor && !int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out first))
            return new CacheError(CacheErrorCode.Invalid, "the cursor is not one that a page before has given");
        var end = (int)Math.Min((long)first + page.Limit, keys.Count);
        var items = first < end ? Enumerable.Range(first, end - first).Select(i => keys[i]).ToArray() : [];
        return new Page<CacheKey>(items, end < keys.Count && items.Length > 0 ? end.ToString(CultureInfo.InvariantCulture) : null);
    }

    public async Task<Result<ManifestInfo>> PutAsync(string manifest, IReadOnlyList<CacheKey> keys, DateTimeOffset now, CancellationToken cancellation)
    {
        if (!Names.IsValid(manifest)) return Names.Invalid("manifest's name", manifest);
        if (keys.Count > ControlPlaneLimits.SelectionKeysMax)
            return new CacheError(CacheErrorCode.Invalid, $"there are {keys.Count} keys; a manifest has at most {ControlPlaneLimits.SelectionKeysMax} (SelectionKeysMax)");
        if (keys.Any(k => !BatchRules.IsValid(k))) return new CacheError(CacheErrorCode.Invalid, "a key is too long, or its database is not from 0 to 65535");
        if (!manifests.ContainsKey(manifest) && manifests.Count >= ControlPlaneLimits.ManifestsMax)
            return new CacheError(CacheErrorCode.Busy, $"there are {manifests.Count} manifests, which is the limit (ManifestsMax)");

        var packed = new PackedKeys(keys);
        // The parts of a list are written beside those of the one before, and the head then points to them: a crash leaves one or the other.
        var list = $"{manifest}@{now.UtcTicks:x}";
        var part = 0;
        foreach (var some in KeyParts.Split(packed.All))
        {
            if (await durable.PutAsync(StoredKind.Manifest, KeyParts.Name(list, part++), some, StoredJson.Default.IReadOnlyListCacheKey, cancellation) is { } failed) return failed;
        }
        if (await durable.PutAsync(StoredKind.Manifest, manifest, new StoredManifest(now, part), StoredJson.Default.StoredManifest, cancellation) is { } error) return error;
        manifests[manifest] = (packed, now);
        await DropPartsAsync(manifest, list, part, cancellation);
        return new ManifestInfo(manifest, packed.Count, now);
    }

    public async Task<Result<Done>> RemoveAsync(string manifest, CancellationToken cancellation)
    {
        if (await durable.DeleteAsync(StoredKind.Manifest, manifest, cancellation) is { } error) return error;
        manifests.TryRemove(manifest, out _);
        await DropPartsAsync(manifest, null, 0, cancellation);
        return Done.Value;
    }

    public void Load(IReadOnlyList<StoredRecord> records)
    {
        var stored = records.Where(r => r.Kind == StoredKind.Manifest).ToDictionary(r => r.Key, r => r.Value, StringComparer.Ordinal);
        foreach (var (name, value) in stored.Where(s => KeyParts.Owner(s.Key) is null))
        {
            if (JsonSerializer.Deserialize(value.Span, StoredJson.Default.StoredManifest) is not { } head) continue;
            var parts = Enumerable.Range(0, head.Parts).Select(i => KeyParts.Name($"{name}@{head.StoredAt.UtcTicks:x}", i)).ToArray();
            if (!parts.All(stored.ContainsKey)) continue;
            var keys = parts.SelectMany(p => JsonSerializer.Deserialize(stored[p].Span, StoredJson.Default.IReadOnlyListCacheKey)!);
            manifests[name] = (new PackedKeys(keys), head.StoredAt);
        }
    }

    // What can't be deleted now is only room: without a head it is nothing, and the next put tries again.
    private async Task DropPartsAsync(string manifest, string? keep, int parts, CancellationToken cancellation)
    {
        var kept = Enumerable.Range(0, parts).Select(i => KeyParts.Name(keep!, i)).ToHashSet(StringComparer.Ordinal);
        foreach (var name in durable.Keys(StoredKind.Manifest, $"{manifest}@"))
        {
            if (!kept.Contains(name)) await durable.DeleteAsync(StoredKind.Manifest, name, cancellation);
        }
    }
}
