using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The rules of questions about content, for hosts that ask ownership records elsewhere.</summary>
public static class ContentRules
{
    /// <summary>What is wrong with a list of keys; null where nothing.</summary>
    public static CacheError? Check(IReadOnlyList<CacheKey> keys) => ContentHost.CheckKeys(keys);

    /// <summary>The place that a page begins at.</summary>
    public static Result<(int Record, int Entry)> Check(KeyPrefix? prefix, PageRequest page)
    {
        ArgumentNullException.ThrowIfNull(page);
        return (Paging.Check(page) ?? ContentHost.CheckPrefix(prefix)) is { } error ? error : Paging.Place(page.Cursor);
    }

    /// <summary>A place to go on at, as a cursor; null at the end.</summary>
    public static string? Cursor((int Record, int Entry)? place) => place is { } at ? Paging.Cursor(at.Record, at.Entry) : null;

    public static CacheError Unknown(string instance) => InstanceRegistry.Unknown(instance);
}
