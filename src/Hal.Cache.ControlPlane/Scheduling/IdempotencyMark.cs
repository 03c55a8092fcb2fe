using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>
/// An idempotency key and the request that came with it, as hashes. It is the end of the id of what was made, so that whoever reads the ids of what is
/// stored knows the keys again.
/// </summary>
/// <param name="Key">16 hexadecimal digits.</param>
/// <param name="Request">8 hexadecimal digits.</param>
internal sealed record IdempotencyMark(string Key, string Request)
{
    private const int KeyDigits = 16;
    private const int RequestDigits = 8;

    /// <summary>What an id ends with.</summary>
    public string Tail => Key + Request;

    /// <summary>Null where there is no key; Invalid where it is none.</summary>
    public static Result<IdempotencyMark?> Of(string? key, string request)
    {
        if (key is null) return (IdempotencyMark?)null;
        if (IdempotencyKeys.Problem(key) is { } problem) return new CacheError(CacheErrorCode.Invalid, problem);
        return new IdempotencyMark(Hash(key, KeyDigits), Hash(request, RequestDigits));
    }

    /// <summary>The mark that an id ends with; null where it was made without a key.</summary>
    public static IdempotencyMark? OfId(string id)
    {
        var tail = id[(id.LastIndexOf('-') + 1)..];
        return tail.Length == KeyDigits + RequestDigits ? new IdempotencyMark(tail[..KeyDigits], tail[KeyDigits..]) : null;
    }

    private static string Hash(string text, int digits) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..digits];
}
