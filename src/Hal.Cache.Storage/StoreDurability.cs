namespace Hal.Cache.Storage;

/// <summary>When a change is safe from a crash.</summary>
public enum StoreDurability
{
    /// <summary>Before it is acknowledged.</summary>
    Commit,

    /// <summary>Within a second.</summary>
    Interval,

    /// <summary>When it leaves memory, at a save, and at a clean end.</summary>
    None,
}
