namespace Hal.Cache.Gateway;

/// <summary>What a command does with the keys of one key spec, by Redis's names.</summary>
[Flags]
internal enum KeyFlags
{
    None = 0,
    RO = 1 << 0,
    RW = 1 << 1,
    OW = 1 << 2,
    RM = 1 << 3,
    Access = 1 << 4,
    Update = 1 << 5,
    Insert = 1 << 6,
    Delete = 1 << 7,
    NotKey = 1 << 8,
    Incomplete = 1 << 9,
    VariableFlags = 1 << 10,

    /// <summary>The command changes these keys.</summary>
    Changes = RW | OW | RM,
}
