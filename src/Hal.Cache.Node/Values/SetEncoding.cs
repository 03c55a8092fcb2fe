namespace Hal.Cache.Node.Values;

/// <summary>How a set is held.</summary>
public enum SetEncoding
{
    /// <summary>Integers in order.</summary>
    Integers,

    /// <summary>A listpack.</summary>
    Compact,

    /// <summary>A hash table.</summary>
    Table,
}
