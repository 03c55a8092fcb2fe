namespace Hal.Cache.Benchmarks.Servers;

/// <summary>What a server promises when it acknowledges a write; each table of the report has one.</summary>
internal enum Durability
{
    /// <summary>Nothing: memory only.</summary>
    None,

    /// <summary>On disk before the acknowledgement.</summary>
    Commit,
}
