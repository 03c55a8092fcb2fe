namespace Hal.Cache.Node;

/// <summary>What a command has to wait for before it can be run.</summary>
public enum FaultKind
{
    None,

    /// <summary>There is no room in memory or in the log's buffer at this moment.</summary>
    Room,

    /// <summary>The inline value is in the log only.</summary>
    Load,

    /// <summary>The key is an origin object that is not held.</summary>
    Fetch,

    /// <summary>The copy of an origin object is older than its mount allows.</summary>
    Validate,
}
