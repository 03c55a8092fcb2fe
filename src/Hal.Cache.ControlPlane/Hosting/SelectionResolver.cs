using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Scheduling;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Turns a selection into its keys, of which there is a limit.</summary>
internal sealed class SelectionResolver(ContentHost content, IContentIndex? index)
{
    /// <summary>What is wrong with a selection by itself; null where nothing.</summary>
    public static CacheError? Check(KeySelection selection)
    {
        if (selection.Prefixes.Count > ControlPlaneLimits.SelectionPrefixesMax)
            return Invalid($"there are {selection.Prefixes.Count} prefixes; a selection has at most {ControlPlaneLimits.SelectionPrefixesMax} (SelectionPrefixesMax)");
        if (selection.Keys.Count > ControlPlaneLimits.SelectionKeysMax) return TooMany("the list has");
        if (selection.Keys.Any(k => !BatchRules.IsValid(k))) return Invalid("a key is too long, or its database is not from 0 to 65535");
        return selection.Prefixes.Select(p => ContentHost.CheckPrefix(p)).FirstOrDefault(e => e is not null);
    }

    public async Task<Result<PackedKeys>> ResolveAsync(KeySelection selection, PackedKeys? manifest, CancellationToken cancellation)
    {
        if (Check(selection) is { } wrong) return wrong;
        var keys = new List<CacheKey>(selection.Keys);
        if (manifest is not null) keys.AddRange(manifest.All);
        foreach (var prefix in selection.Prefixes)
        {
            var room = ControlPlaneLimits.SelectionKeysMax - keys.Count;
            if (room < 0) break;
            var found = index is null ? Results.Of<IReadOnlyList<CacheKey>>(Find(prefix, room)) : await index.KeysAsync(prefix, room, cancellation);
            if (!found.IsOk) return found.Error;
            if (found.Value.Count > room) return TooMany($"prefix '{prefix.Start}' and what is before it select");
            keys.AddRange(found.Value);
        }
        return keys.Count > ControlPlaneLimits.SelectionKeysMax ? TooMany("list and manifest have") : new PackedKeys(keys);
    }

    // One more than there is room for, where there are more.
    private List<CacheKey> Find(KeyPrefix prefix, int room)
    {
        var keys = new List<CacheKey>();
        content.Walk(prefix, (0, 1), int.MaxValue, (record, entry) =>
        {
            keys.Add(new CacheKey(record.Content.Key(entry).ToArray(), record.Content.Database(entry)));
            return keys.Count <= room;
        });
        return keys;
    }

    private static CacheError TooMany(string what) => Invalid($"{what} more than {ControlPlaneLimits.SelectionKeysMax} keys (SelectionKeysMax); ask in parts");

    private static CacheError Invalid(string message) => new(CacheErrorCode.Invalid, message);
}
