using System.Globalization;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Server;

/// <summary>The parameters that say up to where collections are compact, with the names that they had as ziplists.</summary>
internal sealed class CollectionParameters(CollectionLimits limits)
{
    /// <summary>Whether a parameter says how values are held.</summary>
    public static bool Concerns(string name) =>
        name.Contains("-max-listpack-", StringComparison.Ordinal) || name.Contains("-max-ziplist-", StringComparison.Ordinal)
        || name.StartsWith("stream-node-max-", StringComparison.Ordinal) || name is "set-max-intset-entries" or "hll-sparse-max-bytes";

    /// <summary>Sets the limit that a parameter names and gives its other name; false where it names none.</summary>
    public bool TrySet(string name, string value, out string alias)
    {
        alias = name.Contains("ziplist", StringComparison.Ordinal)
            ? name.Replace("ziplist", "listpack", StringComparison.Ordinal)
            : name.Replace("listpack", "ziplist", StringComparison.Ordinal);
        if (name.StartsWith("set-", StringComparison.Ordinal) || name.StartsWith("stream-", StringComparison.Ordinal)) alias = name; // which never was a ziplist
        string listpack = name.Replace("ziplist", "listpack", StringComparison.Ordinal);
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)) return false;
        int limit = (int)Math.Clamp(number, int.MinValue, int.MaxValue);
        switch (listpack)
        {
            case "hash-max-listpack-entries":
                limits.HashEntriesMax = limit;
                return true;
            case "hash-max-listpack-value":
                limits.HashValueBytesMax = limit;
                return true;
            case "list-max-listpack-size":
                limits.ListNodeSize = limit;
                return true;
            case "set-max-intset-entries":
                limits.SetIntegersMax = limit;
                return true;
            case "set-max-listpack-entries":
                limits.SetEntriesMax = limit;
                return true;
            case "set-max-listpack-value":
                limits.SetValueBytesMax = limit;
                return true;
            case "zset-max-listpack-entries":
                limits.SortedSetEntriesMax = limit;
                return true;
            case "zset-max-listpack-value":
                limits.SortedSetValueBytesMax = limit;
                return true;
            case "stream-node-max-bytes":
                limits.StreamNodeBytesMax = Math.Max(0, number);
                return true;
            case "stream-node-max-entries":
                limits.StreamNodeEntriesMax = Math.Max(0, number);
                return true;
            default:
                return false;
        }
    }
}
