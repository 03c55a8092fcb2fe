using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// The first silo of a cluster writes down by which secret it is known; one with another secret is told so at its start, instead of
/// being refused by every member without a word.
/// </summary>
internal static class ClusterIdentity
{
    /// <summary>Null where the silo belongs to the cluster; Conflict where its secret is another, or what the store says.</summary>
    public static async Task<CacheError?> CheckAsync(SiloOptions options, IControlPlaneStore store, CancellationToken cancellation)
    {
        var key = $"cluster/{options.ClusterId}";
        var own = Print(options);
        // A second look where another silo was first.
        for (var look = 0; look < 2; look++)
        {
            var loaded = await store.LoadAllAsync(cancellation);
            if (!loaded.IsOk) return loaded.Error;
            if (loaded.Value.FirstOrDefault(r => r.Kind == StoredKind.Setting && r.Key == key) is { } known)
            {
                return known.Value.Span.SequenceEqual(own)
                    ? null
                    : new CacheError(CacheErrorCode.Conflict, $"cluster-secret is not the one that cluster '{options.ClusterId}' was begun with; name that file, or another cluster-id");
            }
            var put = await store.PutAsync(StoredKind.Setting, key, own, 0, cancellation);
            if (put.IsOk) return null;
            if (put.Error.Code != CacheErrorCode.Changed) return put.Error;
        }
        return new CacheError(CacheErrorCode.Unavailable, $"the record of cluster '{options.ClusterId}' changes again and again");
    }

    // Of a secret of at least 16 bytes this tells nothing that could be tried out.
    private static byte[] Print(SiloOptions options)
    {
        var secret = options.ClusterSecretFile.Length > 0 ? options.ClusterSecret : [];
        var print = Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"hal-cache cluster {options.ClusterId}")));
        return JsonSerializer.SerializeToUtf8Bytes(print);
    }
}
