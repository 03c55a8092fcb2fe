namespace Hal.Cache.Contracts.Storage;

/// <summary>An origin object's validator, and when it was last known to be current, in Unix milliseconds.</summary>
public readonly record struct OriginStamp(ulong Validator, long ValidatedAt)
{
    /// <summary>Size behind an inline value, in bytes.</summary>
    public const int Bytes = 16;
}
