using System.Text;
using System.Text.Json.Serialization;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A binary key, 0 to <see cref="BlobKey.BytesMax"/> bytes, with its Redis database.</summary>
/// <remarks>
/// JSON: a string where the bytes are valid UTF-8 and the database is 0; otherwise an object with <c>key</c> (text) or
/// <c>keyBase64</c>, and <c>database</c> where it is not 0. The bytes are not copied: whoever makes a key must not change them.
/// </remarks>
[JsonConverter(typeof(CacheKeyConverter))]
public readonly struct CacheKey(ReadOnlyMemory<byte> bytes, int database = 0) : IEquatable<CacheKey>
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public int Database { get; } = database;

    public ReadOnlySpan<byte> Span => Bytes.Span;

    /// <summary>The key whose bytes are the text's UTF-8.</summary>
    public static CacheKey FromText(string text, int database = 0) => new(Encoding.UTF8.GetBytes(text), database);

    public bool Equals(CacheKey other) => Database == other.Database && Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is CacheKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        hash.Add(Database);
        return hash.ToHashCode();
    }

    /// <summary>For a person: the text, or the bytes in base64.</summary>
    public override string ToString() =>
        (System.Text.Unicode.Utf8.IsValid(Span) ? Encoding.UTF8.GetString(Span) : $"base64:{Convert.ToBase64String(Span)}")
        + (Database == 0 ? "" : $" (database {Database})");

    public static bool operator ==(CacheKey left, CacheKey right) => left.Equals(right);

    public static bool operator !=(CacheKey left, CacheKey right) => !left.Equals(right);
}
