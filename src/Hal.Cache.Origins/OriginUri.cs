using System.Text;
using Hal.Cache.Contracts;

namespace Hal.Cache.Origins;

/// <summary>An origin's URI in parts: <c>scheme://authority/path?name=value</c>, path and values percent-decoded.</summary>
/// <remarks>
/// Not <see cref="Uri"/>, which silently rewrites what it is given: it removes <c>..</c>, turns backslashes into slashes, and takes
/// a bare path for a file. Here a setting means what it says or is refused.
/// </remarks>
internal sealed record OriginUri(string Scheme, string Authority, string Path, IReadOnlyDictionary<string, string> Query)
{
    private const string AfterScheme = "://";

    /// <summary>Parses <paramref name="text"/>; the error's message is the rule that it breaks.</summary>
    public static Result<OriginUri> Parse(string text)
    {
        var schemeEnd = text.IndexOf(AfterScheme, StringComparison.Ordinal);
        if (schemeEnd < 1)
        {
            return Broken("it must be PREFIX=URI with a URI such as file:///data/imagenet");
        }

        if (text.Contains('#', StringComparison.Ordinal))
        {
            return Broken("a # in the URI must be written as %23");
        }

        var rest = text[(schemeEnd + AfterScheme.Length)..];
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        var location = question < 0 ? rest : rest[..question];
        var slash = location.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? location : location[..slash];
        if (!TryDecode(slash < 0 ? "" : location[slash..], out var path))
        {
            return Broken("a % in the URI must be followed by two hexadecimal digits of a UTF-8 byte (% itself is %25)");
        }

        var query = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in question < 0 ? [] : rest[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !TryDecode(pair[(equals + 1)..], out var value) || !query.TryAdd(pair[..equals], value))
            {
                return Broken("what follows the ? must be name=value pairs joined by &, each name once");
            }
        }

        return new OriginUri(text[..schemeEnd], authority, path, query);
    }

    private static CacheError Broken(string rule) => new(CacheErrorCode.Invalid, rule);

    private static bool TryDecode(string text, out string decoded)
    {
        var source = Encoding.UTF8.GetBytes(text);
        var bytes = new List<byte>(source.Length);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != '%')
            {
                bytes.Add(source[i]);
                continue;
            }

            if (i + 2 >= source.Length || !char.IsAsciiHexDigit((char)source[i + 1]) || !char.IsAsciiHexDigit((char)source[i + 2]))
            {
                decoded = "";
                return false;
            }

            bytes.Add(Convert.FromHexString([(char)source[i + 1], (char)source[i + 2]])[0]);
            i += 2;
        }

        var all = bytes.ToArray();
        decoded = Encoding.UTF8.GetString(all);
        return System.Text.Unicode.Utf8.IsValid(all);
    }
}
