namespace Hal.Cache.Gateway.Server;

/// <summary>What values a parameter takes.</summary>
internal enum ConfigKind
{
    /// <summary>None from clients, which are refused even what it is.</summary>
    Fixed,

    /// <summary>None from clients but what it is.</summary>
    Protected,
    YesNo,
    Integer,
    Bytes,

    /// <summary>Bytes, or a percentage of the memory.</summary>
    Percent,
    OneOf,
    SomeOf,
    Text,

    /// <summary>A host's name.</summary>
    Host,

    /// <summary>Classes of keyspace events, a letter each.</summary>
    Events,

    /// <summary>Seconds and changes, in pairs.</summary>
    Save,
    Percentiles,

    /// <summary>Three scores for the kernel's out-of-memory killer.</summary>
    Scores,

    /// <summary>Class, two limits and seconds, in fours.</summary>
    Buffers,

    /// <summary>A process title with variables in braces.</summary>
    Title,
}
