namespace Hal.Cache.Contracts.Origins;

/// <summary>What is done with a copy of an origin object when its period is over.</summary>
public enum FreshnessMode
{
    /// <summary>Nothing: the object never changes.</summary>
    Immutable,

    /// <summary>The origin is asked for the object's version: the same, the copy stays; another or none, it goes.</summary>
    Validate,

    /// <summary>The copy goes, and is read anew when it is next asked for.</summary>
    Ttl,
}
