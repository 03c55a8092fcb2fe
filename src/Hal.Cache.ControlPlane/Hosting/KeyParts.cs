using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Long lists of keys in stored records of limited size.</summary>
internal static class KeyParts
{
    // JSON makes at most six bytes of one, and a little around each key: this stays below what a record may have.
    private const int KeyBytesMax = IControlPlaneStore.ValueBytesMax / 8;
    private const int KeysMax = 4096;

    public static IEnumerable<IReadOnlyList<CacheKey>> Split(IEnumerable<CacheKey> keys)
    {
        var part = new List<CacheKey>();
        var bytes = 0;
        foreach (var key in keys)
        {
            if (part.Count == KeysMax || (part.Count > 0 && bytes + key.Bytes.Length > KeyBytesMax))
            {
                yield return part;
                (part, bytes) = ([], 0);
            }
            part.Add(key);
            bytes += key.Bytes.Length;
        }
        if (part.Count > 0) yield return part;
    }

    /// <summary>The stored key of a part, which sorts by number.</summary>
    public static string Name(string owner, int part) => $"{owner}/{part:D6}";

    /// <summary>The owner of a part, null where the stored key is not a part's.</summary>
    public static string? Owner(string storedKey) => storedKey.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? storedKey[..slash] : null;
}
