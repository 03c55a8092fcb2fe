namespace Hal.Cache.Gateway.Collections;

/// <summary>Ranges by indexes that may count from the end.</summary>
internal static class IndexRange
{
    /// <summary>Makes both ends, inclusive, indexes that exist; false where nothing is between them.</summary>
    public static bool TryClamp(ref long start, ref long end, long count)
    {
        if (start < 0) start = Math.Max(0, start + count);
        if (end < 0) end += count;
        if (start > end || start >= count) return false;
        end = Math.Min(end, count - 1);
        return true;
    }
}
