using System.Globalization;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// How much may wait for a client that does not read: the class <c>pubsub</c> of <c>client-output-buffer-limit</c>. A client is cut at once
/// above the hard limit, and when it has been above the soft one for longer than the period. Thread-safe.
/// </summary>
internal sealed class OutputLimits(TimeProvider time)
{
    /// <summary>Redis's own values, and what a limit of 0, for none, stands for: memory is bounded here.</summary>
    public const long HardBytesDefault = 32 << 20, SoftBytesDefault = 8 << 20, HardBytesMax = 1 << 30;

    private static readonly TimeSpan PeriodDefault = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly string[] texts = ["normal 0 0 0", "slave 268435456 67108864 60", "pubsub 33554432 8388608 60"];
    private volatile Limits now = new(HardBytesDefault, SoftBytesDefault, PeriodDefault);

    /// <summary>All classes, as CONFIG GET tells them.</summary>
    public string Text
    {
        get
        {
            lock (gate) return string.Join(' ', texts);
        }
    }

    /// <summary>Bytes beyond which a client is cut at once.</summary>
    public long HardBytes => now.Hard;

    /// <summary>Whether a client that has so many bytes waiting goes on.</summary>
    /// <param name="softSince">When it went above the soft limit, 0 for below; kept by the caller.</param>
    public bool Permits(long bytes, ref long softSince)
    {
        Limits limits = now;
        if (bytes > limits.Hard) return false;
        if (bytes <= limits.Soft)
        {
            softSince = 0;
            return true;
        }

        if (softSince == 0) softSince = Math.Max(1, time.GetTimestamp());
        return time.GetElapsedTime(softSince) <= limits.Period;
    }

    /// <summary>
    /// Takes the value of the parameter: class, hard and soft limit, seconds, for one class or more; false where it is malformed. What it says
    /// of other classes changes nothing: their clients are held up, not cut.
    /// </summary>
    public bool TrySet(string value)
    {
        string[] words = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || words.Length % 4 != 0) return false;
        Limits limits = now;
        string?[] changed = new string?[texts.Length];
        for (int at = 0; at < words.Length; at += 4)
        {
            int index = words[at].ToLowerInvariant() switch { "normal" => 0, "slave" or "replica" => 1, "pubsub" => 2, _ => -1 };
            if (index < 0) return false;
            if (!TryBytes(words[at + 1], out long hard) || !TryBytes(words[at + 2], out long soft)
                || !int.TryParse(words[at + 3], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)) return false;
            changed[index] = string.Create(CultureInfo.InvariantCulture, $"{texts[index].Split(' ')[0]} {hard} {soft} {seconds}");
            if (index < 2) continue;
            hard = hard == 0 ? HardBytesMax : Math.Min(hard, HardBytesMax);
            limits = new(hard, soft == 0 ? hard : soft, TimeSpan.FromSeconds(seconds));
        }

        now = limits;
        lock (gate)
        {
            for (int index = 0; index < texts.Length; index++) texts[index] = changed[index] ?? texts[index];
        }

        return true;
    }

    private static bool TryBytes(string text, out long bytes)
    {
        string digits = text.TrimEnd('b', 'B', 'k', 'K', 'm', 'M', 'g', 'G');
        long unit = text[digits.Length..].ToLowerInvariant() switch
        {
            "" or "b" => 1,
            "k" => 1000,
            "kb" => 1 << 10,
            "m" => 1_000_000,
            "mb" => 1 << 20,
            "g" => 1_000_000_000,
            "gb" => 1 << 30,
            _ => 0,
        };
        bool isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && bytes <= long.MaxValue >> 31;
        bytes *= unit;
        return isNumber && unit > 0;
    }

    private sealed record Limits(long Hard, long Soft, TimeSpan Period);
}
