using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Persistence;

/// <summary>What every store asks of a record, and the answers that every store gives in the same words.</summary>
internal static class RecordRules
{
    public static CacheError? Problem(string key, int valueBytes) =>
        key.Length is < 1 or > IControlPlaneStore.KeyLengthMax
            ? new CacheError(CacheErrorCode.Invalid, $"a stored key has {key.Length} characters; it must have 1 to {IControlPlaneStore.KeyLengthMax}")
        : key.Contains('\0', StringComparison.Ordinal) || !IsText(key)
            ? new CacheError(CacheErrorCode.Invalid, "a stored key has a character that is no text")
        : valueBytes > IControlPlaneStore.ValueBytesMax
            ? new CacheError(CacheErrorCode.Invalid, $"a stored value has {valueBytes} bytes; it may have {IControlPlaneStore.ValueBytesMax}")
        : null;

    public static CacheError Changed(StoredKind kind, string key, long expected, long? stored) =>
        new(CacheErrorCode.Changed, $"{StoredKinds.Name(kind)} '{key}' is at version {stored ?? 0}, not {expected}");

    // A lone surrogate has no UTF-8.
    private static bool IsText(string key)
    {
        for (var i = 0; i < key.Length; i++)
        {
            if (char.IsHighSurrogate(key[i]) && i + 1 < key.Length && char.IsLowSurrogate(key[i + 1])) i++;
            else if (char.IsSurrogate(key[i])) return false;
        }
        return true;
    }
}
