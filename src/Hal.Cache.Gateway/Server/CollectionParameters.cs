using System.Globalization;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Server;

/// <summary>The parameters that say up to where collections are compact.</summary>
internal sealed class CollectionParameters(CollectionLimits limits)
{
    /// <summary>Whether a parameter says how values are held.</summary>
    public static bool Concerns(string name) =>
        name.Contains("-max-listpack-", StringComparison.Ordinal) || name.Contains("-max-ziplist-", StringComparison.Ordinal)
        || name.StartsWith("stream-node-max-", StringComparison.Ordinal) || name is "set-max-intset-entries" or "hll-sparse-max-bytes";

    /// <summary>Sets the limit that a parameter names, by its name of today; nothing where it names none.</summary>
    public void Set(string name, string value)
    {
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)) return;
        int limit = (int)Math.Clamp(number, int.MinValue, int.MaxValue);
        switch (name)
        {
            case "hash-max-listpack-entries":
                limits.HashEntriesMax = limit;
                break;
            case "hash-max-listpack-value":
                limits.HashValueBytesMax = limit;
                break;
            case "list-max-listpack-size":
                limits.ListNodeSize = limit;
                break;
            case "set-max-intset-entries":
                limits.SetIntegersMax = limit;
                break;
            case "set-max-listpack-entries":
                limits.SetEntriesMax = limit;
                break;
            case "set-max-listpack-value":
                limits.SetValueBytesMax = limit;
                break;
            case "zset-max-listpack-entries":
                limits.SortedSetEntriesMax = limit;
                break;
            case "zset-max-listpack-value":
                limits.SortedSetValueBytesMax = limit;
                break;
            case "stream-node-max-bytes":
                limits.StreamNodeBytesMax = Math.Max(0, number);
                break;
            case "stream-node-max-entries":
                limits.StreamNodeEntriesMax = Math.Max(0, number);
                break;
            default:
                break;
        }
    }
}
