namespace Hal.Cache.Gateway.Strings;

/// <summary>Options of SET and GETEX.</summary>
[Flags]
internal enum SetConditions
{
    None = 0,
    IfAbsent = 1,
    IfPresent = 2,
    Get = 4,
    KeepTtl = 8,
    Persist = 16,
    Ex = 32,
    Px = 64,
    ExAt = 128,
    PxAt = 256,

    /// <summary>An expiry is given.</summary>
    AnyExpiry = Ex | Px | ExAt | PxAt,

    /// <summary>The expiry is a point in time.</summary>
    Absolute = ExAt | PxAt,

    /// <summary>The expiry is in seconds.</summary>
    Seconds = Ex | ExAt,
}
