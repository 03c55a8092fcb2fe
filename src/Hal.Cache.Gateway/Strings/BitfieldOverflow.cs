namespace Hal.Cache.Gateway.Strings;

/// <summary>What BITFIELD does where a number does not fit its field.</summary>
internal enum BitfieldOverflow
{
    Wrap,
    Saturate,
    Fail,
}
