namespace Hal.Cache.Gateway.Scripts;

/// <summary>What a script or a function says of itself.</summary>
[Flags]
internal enum ScriptFlags
{
    None = 0,
    NoWrites = 1,
    AllowOom = 2,
    AllowStale = 4,
    NoCluster = 8,
    AllowCrossSlotKeys = 16,

    /// <summary>Has no shebang: what it may do follows from what it does.</summary>
    Unstated = 32,
}
