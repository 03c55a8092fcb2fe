namespace Hal.Cache.Gateway.Strings;

/// <summary>What BITOP does with its sources.</summary>
internal enum BitOperation
{
    And,
    Or,
    Xor,
    Not,
}
