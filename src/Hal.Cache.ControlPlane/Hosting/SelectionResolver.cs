using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Scheduling;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Turns a selection into its keys, of which there is a limit.</summary>
internal sealed class SelectionResolver(ContentHost content)
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

    public Result<PackedKeys> Resolve(KeySelection selection, PackedKeys? manifest)
    {
        if (Check(selection) is { } wrong) return wrong;
        var keys = new List<CacheKey>(selection.Keys);
        if (manifest is not null) keys.AddRange(manifest.All);
        foreach (var prefix in selection.Prefixes)
        {
            var full = false;
            content.Walk(prefix, (0, 1), int.MaxValue, (record, entry) =>
            {
                full = keys.Count >= ControlPlaneLimits.SelectionKeysMax;
                if (!full) keys.Add(new CacheKey(record.Content.Key(entry).ToArray(), record.Content.Database(entry)));
                return !full;
            });
            if (full) return TooMany($"prefix '{prefix.Start}' and what is before it select");
        }
        return keys.Count > ControlPlaneLimits.SelectionKeysMax ? TooMany("list and manifest have") : new PackedKeys(keys);
    }

    private static CacheError TooMany(string what) => Invalid($"{what} more than {ControlPlaneLimits.SelectionKeysMax} keys (SelectionKeysMax); ask in parts");

    private static CacheError Invalid(string message) => new(CacheErrorCode.Invalid, message);
}
