using System.Globalization;

namespace Hal.Cache.Gateway.Server;

/// <summary>Parameters with a list for a value, words parted by one space: the reason in Redis's words where one can't be read, else null.</summary>
internal static class ConfigLists
{
    private const int ScoreMax = 2000;
    private const int ScoreCount = 3;

    /// <summary>Variables of a process title; those that are true may be all there is.</summary>
    private static readonly Dictionary<string, bool> TitleVariables = new()
    {
        ["title"] = false,
        ["config-file"] = false,
        ["unixsocket"] = false,
        ["listen-addr"] = true,
        ["port"] = true,
        ["tls-port"] = true,
        ["server-mode"] = true,
    };

    /// <summary>A whole number as C reads it: a plus sign and zeros in front are well, and an empty word is 0.</summary>
    public static bool TryNumber(string word, out long number)
    {
        number = 0;
        return word.Length == 0 || long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    public static string? TryReadSave(string given, out string value)
    {
        value = given;
        if (given.Length == 0) return null;
        string[] words = given.Split(' ');
        long[] numbers = new long[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!TryNumber(words[i], out numbers[i]) || numbers[i] < ((i & 1) == 0 ? 1 : 0)) return "Invalid save parameters";
        }

        if ((words.Length & 1) != 0) return "Invalid save parameters";
        value = string.Join(' ', numbers.Select(one => one.ToString(CultureInfo.InvariantCulture)));
        return null;
    }

    public static string? TryReadPercentiles(string given, out string value)
    {
        value = given;
        if (given.Length == 0) return null;
        var told = new List<string>();
        foreach (string word in given.Split(' '))
        {
            const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            if (!double.TryParse(word, Styles, CultureInfo.InvariantCulture, out double percent) || double.IsNaN(percent)) return "Invalid latency-tracking-info-percentiles parameters";
            if (percent is < 0 or > 100) return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
            string text = percent.ToString("F6", CultureInfo.InvariantCulture);
            told.Add(text.TrimEnd('0').TrimEnd('.'));
        }

        value = string.Join(' ', told);
        return null;
    }

    public static string? TryReadScores(string given, out string value)
    {
        value = given;
        string[] words = given.Split(' ');
        if (words.Length != ScoreCount) return "wrong number of arguments";
        long[] numbers = new long[ScoreCount];
        for (int i = 0; i < ScoreCount; i++)
        {
            if (!TryNumber(words[i], out numbers[i]) || numbers[i] is < -ScoreMax or > ScoreMax) return "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
        }

        value = string.Join(' ', numbers.Select(one => one.ToString(CultureInfo.InvariantCulture)));
        return null;
    }

    /// <summary>Whether a title's variables are known, and something is left of it where those are empty that may be.</summary>
    public static bool IsTitle(string given)
    {
        bool isAny = false;
        for (int at = 0; at < given.Length; at++)
        {
            bool isLiteral = given[at] != '{';
            if (!isLiteral && at + 1 < given.Length && given[at + 1] == '{') // a brace itself
            {
                isLiteral = true;
                at++;
            }

            if (isLiteral)
            {
                isAny |= given[at] != ' ';
                continue;
            }

            int end = given.IndexOf('}', at);
            if (end < 0 || !TitleVariables.TryGetValue(given[(at + 1)..end], out bool isText)) return false;
            isAny |= isText;
            at = end;
        }

        return isAny;
    }
}
