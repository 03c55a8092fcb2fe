namespace Hal.Cache.Node.Values;

/// <summary>Up to where collections keep their compact encodings, by Redis's parameters; one for an instance, read at every change.</summary>
public sealed class CollectionLimits
{
    /// <summary>hash-max-listpack-entries.</summary>
    public int HashEntriesMax { get; set; } = 512;

    /// <summary>hash-max-listpack-value, in bytes.</summary>
    public int HashValueBytesMax { get; set; } = 64;

    /// <summary>list-max-listpack-size: elements of a node where positive, else -1 to -5 for 4 to 64 KiB.</summary>
    public int ListNodeSize { get; set; } = -2;

    /// <summary>set-max-intset-entries.</summary>
    public int SetIntegersMax { get; set; } = 512;

    /// <summary>set-max-listpack-entries.</summary>
    public int SetEntriesMax { get; set; } = 128;

    /// <summary>set-max-listpack-value, in bytes.</summary>
    public int SetValueBytesMax { get; set; } = 64;

    /// <summary>zset-max-listpack-entries.</summary>
    public int SortedSetEntriesMax { get; set; } = 128;

    /// <summary>zset-max-listpack-value, in bytes.</summary>
    public int SortedSetValueBytesMax { get; set; } = 64;
}
