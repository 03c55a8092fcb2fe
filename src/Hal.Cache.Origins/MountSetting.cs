using System.Buffers;
using System.Globalization;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Origins;

/// <summary>One <c>PREFIX=URI</c> setting in parts, before an origin is made of it.</summary>
/// <param name="Spills">Whether what memory gives up of large objects is written to the store; null for where the origin is not on the store's disk itself.</param>
internal sealed record MountSetting(byte[] Prefix, OriginUri Uri, Freshness Freshness, bool? Spills)
{
    /// <summary>Longest prefix, in bytes.</summary>
    public const int PrefixBytesMax = 256;

    /// <summary>Longest freshness period, in seconds: a year; what must hold longer is immutable.</summary>
    public const int PeriodSecondsMax = 366 * 24 * 3600;

    // Room for paths, Redis's a:b names and hash tags. Glob characters would make KEYS and ACL patterns lie about a prefix.
    private static readonly SearchValues<char> PrefixCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:@+,~{}");

    /// <summary>Parses one setting; the error's message is the rule that it breaks.</summary>
    public static Result<MountSetting> Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return Broken("it must be PREFIX=URI, such as imagenet/=file:///data/imagenet");
        }

        var prefix = text[..equals];
        if (prefix.Length is 0 or > PrefixBytesMax)
        {
            return Broken(string.Create(CultureInfo.InvariantCulture, $"the prefix must have 1 to {PrefixBytesMax} bytes"));
        }

        if (prefix.AsSpan().ContainsAnyExcept(PrefixCharacters))
        {
            return Broken("the prefix must consist of ASCII letters, digits and / . _ - : @ + , ~ { }");
        }

        var uri = OriginUri.Parse(text[(equals + 1)..]);
        if (!uri.IsOk)
        {
            return uri.Error;
        }

        var freshness = ParseFreshness(uri.Value.Query);
        if (!freshness.IsOk)
        {
            return freshness.Error;
        }

        var spills = ParseSpills(uri.Value.Query);
        return spills.IsOk ? new MountSetting(Encoding.ASCII.GetBytes(prefix), uri.Value, freshness.Value, spills.Value) : spills.Error;
    }

    private static Result<bool?> ParseSpills(IReadOnlyDictionary<string, string> query) => query.GetValueOrDefault("spill", "yes") switch
    {
        "auto" => Results.Of<bool?>(null),
        "yes" => Results.Of<bool?>(true),
        "no" => Results.Of<bool?>(false),
        _ => Broken("spill must be yes, no or auto"),
    };

    private static Result<Freshness> ParseFreshness(IReadOnlyDictionary<string, string> query)
    {
        foreach (var name in query.Keys)
        {
            if (name is not ("freshness" or "seconds" or "spill"))
            {
                return Broken($"it has no parameter '{OriginText.Printable(name)}', only freshness, seconds and spill");
            }
        }

        TimeSpan? period = null;
        if (query.TryGetValue("seconds", out var text))
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > PeriodSecondsMax)
            {
                return Broken(string.Create(CultureInfo.InvariantCulture, $"seconds must be a whole number from 0 to {PeriodSecondsMax}"));
            }

            period = TimeSpan.FromSeconds(seconds);
        }

        return query.GetValueOrDefault("freshness", "validate") switch
        {
            "immutable" when period is null => Freshness.Immutable,
            "immutable" => Broken("freshness=immutable has no seconds"),
            "validate" => period is null ? Freshness.Default : Freshness.Validate(period.Value),
            "ttl" when period > TimeSpan.Zero => Freshness.Ttl(period.Value),
            "ttl" => Broken("freshness=ttl needs seconds=N with N of at least 1"),
            _ => Broken("freshness must be immutable, validate or ttl"),
        };
    }

    private static CacheError Broken(string rule) => new(CacheErrorCode.Invalid, rule);
}
