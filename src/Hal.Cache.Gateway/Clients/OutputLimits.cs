using System.Globalization;
using Hal.Cache.Gateway.Server;

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

    /// <summary>The class's place among the texts.</summary>
    private const int PubSub = 2;

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

    /// <summary>Why the parameter can't have a value, in Redis's words; null where it can.</summary>
    public static string? Problem(string value) => TryParse(value, []);

    /// <summary>
    /// Takes the value of the parameter: class, hard and soft limit, seconds, for one class or more; false where it is malformed. What it says
    /// of other classes changes nothing: their clients are held up, not cut.
    /// </summary>
    public bool TrySet(string value)
    {
        var classes = new List<ClassLimits>();
        if (TryParse(value, classes) is not null) return false;
        lock (gate)
        {
            foreach ((int index, long hard, long soft, int seconds) in classes)
            {
                texts[index] = string.Create(CultureInfo.InvariantCulture, $"{texts[index].Split(' ')[0]} {hard} {soft} {seconds}");
                if (index < PubSub) continue;
                long bound = hard == 0 ? HardBytesMax : Math.Min(hard, HardBytesMax);
                now = new(bound, soft == 0 ? bound : soft, TimeSpan.FromSeconds(seconds));
            }
        }

        return true;
    }

    private static string? TryParse(string value, List<ClassLimits> classes)
    {
        string[] words = value.Length == 0 ? [] : value.Split(' ');
        if (words.Length % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
        for (int at = 0; at < words.Length; at += 4)
        {
            int index = words[at].ToLowerInvariant() switch { "normal" => 0, "slave" or "replica" => 1, "pubsub" => PubSub, _ => -1 };
            if (index < 0) return "Invalid client class specified in buffer limit configuration.";
            if (!MemoryValue.TryParse(words[at + 1], out ulong hard) || hard > long.MaxValue || !MemoryValue.TryParse(words[at + 2], out ulong soft) || soft > long.MaxValue
                || !ConfigLists.TryNumber(words[at + 3], out long seconds) || seconds is < 0 or > int.MaxValue)
                return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
            classes.Add(new(index, (long)hard, (long)soft, (int)seconds));
        }

        return null;
    }

    private readonly record struct ClassLimits(int Index, long Hard, long Soft, int Seconds);

    private sealed record Limits(long Hard, long Soft, TimeSpan Period);
}
