using System.Globalization;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;

namespace Hal.Cache.Gateway.Server;

/// <summary>One parameter: what values it takes, and how they read.</summary>
internal sealed class ConfigParameter
{
    private const int HostCharsMax = 255;

    private readonly ConfigKind kind;
    private readonly string[] choices = [];
    private readonly long low, high, settlesLow = long.MinValue, settlesHigh = long.MaxValue;

    /// <param name="kind">What it takes, as <see cref="ConfigTable"/> writes it.</param>
    public ConfigParameter(string name, string kind, string value)
    {
        (Name, Default) = (name, value);
        string[] bounds = kind[(kind.IndexOf(':', StringComparison.Ordinal) + 1)..].Split('>');
        if (bounds[0].Contains("..", StringComparison.Ordinal))
        {
            this.kind = kind.StartsWith("bytes:", StringComparison.Ordinal) ? ConfigKind.Bytes : ConfigKind.Integer;
            (low, high) = Range(bounds[0]);
            if (bounds.Length > 1) (settlesLow, settlesHigh) = Range(bounds[1]);
            return;
        }

        char separator = kind.Contains('|', StringComparison.Ordinal) ? '|' : '+';
        if (kind.Contains(separator, StringComparison.Ordinal)) choices = kind.Split(separator);
        this.kind = choices.Length == 0 ? Enum.Parse<ConfigKind>(kind.Replace("-", "", StringComparison.Ordinal), ignoreCase: true)
            : separator == '|' ? ConfigKind.OneOf : ConfigKind.SomeOf;
        if (this.kind == ConfigKind.Percent) high = long.MaxValue;
    }

    public string Name { get; }

    public string Default { get; }

    /// <summary>Whether no client may name it, whatever the value.</summary>
    public bool IsFixed => kind == ConfigKind.Fixed;

    public bool IsProtected => kind == ConfigKind.Protected;

    /// <summary>Reads what a client gave as it is kept and told; the reason in Redis's words where it can't be, else null.</summary>
    public string? TryRead(string given, out string value)
    {
        value = given;
        switch (kind)
        {
            case ConfigKind.YesNo:
                value = given.ToLowerInvariant();
                return value is "yes" or "no" ? null : "argument must be 'yes' or 'no'";
            case ConfigKind.Integer:
                return TryReadInteger(given, out value);
            case ConfigKind.Bytes:
                return TryReadBytes(given, "argument must be a memory value", out value);
            case ConfigKind.Percent:
                return given.Length > 1 && given.EndsWith('%') ? TryReadPercent(given, out value) : TryReadBytes(given, "argument must be a memory or percent value", out value);
            case ConfigKind.OneOf:
                return TryReadWords([given], out value);
            case ConfigKind.SomeOf:
                return TryReadWords(given.Split(' '), out value);
            case ConfigKind.Host:
                return given.Length > HostCharsMax ? "Hostnames must be less than 256 characters"
                    : given.All(one => char.IsAsciiLetterOrDigit(one) || one is '-' or '.') ? null : "Hostnames may only contain alphanumeric characters, hyphens or dots";
            case ConfigKind.Events:
                if (!EventNames.TryParse(given, out EventClasses classes)) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
                value = EventNames.Format(classes);
                return null;
            case ConfigKind.Save:
                return ConfigLists.TryReadSave(given, out value);
            case ConfigKind.Percentiles:
                return ConfigLists.TryReadPercentiles(given, out value);
            case ConfigKind.Scores:
                return ConfigLists.TryReadScores(given, out value);
            case ConfigKind.Buffers:
                return OutputLimits.Problem(given);
            case ConfigKind.Title:
                return ConfigLists.IsTitle(given) ? null : "template format is invalid or contains unknown variables";
            default:
                return null;
        }
    }

    private static (long Low, long High) Range(string text)
    {
        string[] ends = text.Split("..");
        return (Bound(ends[0]), Bound(ends[1]));
    }

    private static long Bound(string text) => text switch
    {
        "int" => int.MaxValue,
        "long" => long.MaxValue,
        _ => long.Parse(text, CultureInfo.InvariantCulture),
    };

    private string? TryReadInteger(string given, out string value)
    {
        value = given;

        // Redis takes a number in one spelling only: no space, no plus sign, no zero in front.
        if (!long.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) || Text(number) != given)
            return "argument couldn't be parsed into an integer";
        if (number < low || number > high) return OutOfBounds();
        value = Text(Math.Clamp(number, settlesLow, settlesHigh));
        return null;
    }

    private string? TryReadBytes(string given, string otherwise, out string value)
    {
        value = given;
        if (!MemoryValue.TryParse(given, out ulong bytes)) return otherwise;
        if (bytes > (ulong)high || bytes < (ulong)low) return OutOfBounds();
        value = Text(Math.Clamp((long)bytes, settlesLow, settlesHigh));
        return null;
    }

    private static string? TryReadPercent(string given, out string value)
    {
        value = given;
        if (!long.TryParse(given.AsSpan(0, given.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long percent) || Text(percent) + "%" != given)
            return "argument must be a memory or percent value";
        if (percent > 100) return "percentage argument must be less or equal to 100";
        if (percent == 0) value = "0";
        return null;
    }

    private string? TryReadWords(string[] words, out string value)
    {
        value = "";
        if (words.Any(word => !choices.Contains(word, StringComparer.OrdinalIgnoreCase))) return $"argument(s) must be one of the following: {string.Join(", ", choices)}";
        string[] taken = [.. choices.Where(choice => words.Contains(choice, StringComparer.OrdinalIgnoreCase))];

        // The first of several is none of the others.
        value = string.Join(' ', taken.Length > 1 ? taken.Where(one => one != choices[0]) : taken);
        return null;
    }

    private string OutOfBounds() => string.Create(CultureInfo.InvariantCulture, $"argument must be between {low} and {high} inclusive");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
