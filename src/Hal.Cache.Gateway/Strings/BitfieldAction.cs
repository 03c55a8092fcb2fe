namespace Hal.Cache.Gateway.Strings;

/// <summary>What one operation of BITFIELD does.</summary>
internal enum BitfieldAction
{
    Get,
    Set,
    IncrBy,
}
