using System.Globalization;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The rules of pages.</summary>
internal static class Paging
{
    /// <summary>What is wrong with a page's limit; null where nothing.</summary>
    public static CacheError? Check(PageRequest page) => page.Limit is >= 1 and <= ControlPlaneLimits.PageItemsMax
        ? null
        : new CacheError(CacheErrorCode.Invalid, $"limit is {page.Limit}; it must be from 1 to {ControlPlaneLimits.PageItemsMax} (PageItemsMax)");

    /// <summary>A page of a list that is in the order of its items' names, which are the cursors.</summary>
    public static Result<Page<T>> Of<T>(IEnumerable<T> all, Func<T, string> name, PageRequest page, bool newestFirst = false)
    {
        if (Check(page) is { } error) return error;
        var after = page.Cursor is null ? all : all.SkipWhile(i => newestFirst ? string.CompareOrdinal(name(i), page.Cursor) >= 0 : string.CompareOrdinal(name(i), page.Cursor) <= 0);
        var items = after.Take(page.Limit + 1).ToList();
        if (items.Count <= page.Limit) return new Page<T>(items, null);
        items.RemoveAt(page.Limit);
        return new Page<T>(items, name(items[^1]));
    }

    /// <summary>A place in the content map, as a cursor.</summary>
    public static string Cursor(int record, int entry) => string.Create(CultureInfo.InvariantCulture, $"{record}.{entry}");

    public static Result<(int Record, int Entry)> Place(string? cursor)
    {
        if (cursor is null) return (0, 1);
        var dot = cursor.IndexOf('.', StringComparison.Ordinal);
        return dot > 0
            && int.TryParse(cursor.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var record) && record < Ownership.HashSlot.Records
            && int.TryParse(cursor.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var entry) && entry >= 1
            ? (record, entry)
            : new CacheError(CacheErrorCode.Invalid, "the cursor is not one that a page before has given");
    }
}
