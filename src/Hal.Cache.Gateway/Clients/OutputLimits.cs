using System.Globalization;
using Hal.Cache.Gateway.Server;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// How much may wait for a client that does not read: <c>client-output-buffer-limit</c>. A client is cut at once above its class's hard limit, and when it has
/// been above the soft one for longer than the period; other instances are not. Thread-safe.
/// </summary>
internal sealed class OutputLimits(TimeProvider time)
{
    /// <summary>Redis's own values, and what a limit of 0, for none, stands for: memory is bounded here.</summary>
    public const long HardBytesDefault = 32 << 20, SoftBytesDefault = 8 << 20, HardBytesMax = 1 << 30;

    private static readonly TimeSpan PeriodDefault = TimeSpan.FromSeconds(60);

    /// <summary>The classes' places among the texts; replicas there are none.</summary>
    private const int Normal = 0, PubSub = 2;

    private readonly Lock gate = new();
    private readonly string[] texts = ["normal 0 0 0", "slave 268435456 67108864 60", "pubsub 33554432 8388608 60"];
    private volatile Limits normal = new(long.MaxValue, long.MaxValue, TimeSpan.Zero);
    private volatile Limits pubSub = new(HardBytesDefault, SoftBytesDefault, PeriodDefault);
    private long cut;

    /// <summary>All classes, as CONFIG GET tells them.</summary>
    public string Text
    {
        get
        {
            lock (gate) return string.Join(' ', texts);
        }
    }

    /// <summary>Clients that were cut since the start, or since <see cref="Reset"/>.</summary>
    public long Cut => Volatile.Read(ref cut);

    public void CountCut() => Interlocked.Increment(ref cut);

    public void Reset() => Volatile.Write(ref cut, 0);

    /// <summary>Whether a client goes on for which so many bytes of messages and replies wait; memory for messages is bounded also where its class has no hard limit.</summary>
    /// <param name="softSince">When it went above the soft limit, 0 for below; kept by the caller.</param>
    public bool PermitsMessages(ClientSession client, long bytes, ref long softSince)
    {
        Limits limits = Of(client) is { HasAny: true } own ? own : pubSub;
        long hard = limits.Hard == long.MaxValue ? pubSub.Hard : Math.Min(limits.Hard, HardBytesMax);
        return (bytes <= hard || client.Peer is not null) && Permits(limits, client, bytes, ref softSince);
    }

    /// <summary>The same for what waits already, whatever it is.</summary>
    public bool Permits(ClientSession client, long bytes, ref long softSince) => Permits(Of(client), client, bytes, ref softSince);

    /// <summary>Whether a client may have replies of so many bytes waiting at all.</summary>
    public bool PermitsReplies(ClientSession client, long bytes) => bytes <= Of(client).Hard || client.Peer is not null;

    /// <summary>Why the parameter can't have a value, in Redis's words; null where it can.</summary>
    public static string? Problem(string value) => TryParse(value, []);

    /// <summary>
    /// Takes the value of the parameter: class, hard and soft limit, seconds, for one class or more; false where it is malformed.
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
                var period = TimeSpan.FromSeconds(seconds);
                long bound = hard == 0 ? HardBytesMax : Math.Min(hard, HardBytesMax);
                if (index == PubSub) pubSub = new(bound, soft == 0 ? bound : soft, period);
                else if (index == Normal) normal = new(hard == 0 ? long.MaxValue : hard, soft == 0 ? long.MaxValue : soft, period);
            }
        }

        return true;
    }

    // A client that monitors or tracks is a normal one, as in Redis.
    private Limits Of(ClientSession client) => (client.Modes & ClientModes.Subscribed) != 0 ? pubSub : normal;

    private bool Permits(Limits limits, ClientSession client, long bytes, ref long softSince)
    {
        if (bytes <= limits.Soft || client.Peer is not null)
        {
            softSince = 0;
            return bytes <= limits.Hard || client.Peer is not null;
        }

        if (bytes > limits.Hard) return false;
        if (softSince == 0) softSince = Math.Max(1, time.GetTimestamp());
        return time.GetElapsedTime(softSince) <= limits.Period;
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

    private sealed record Limits(long Hard, long Soft, TimeSpan Period)
    {
        public bool HasAny => Hard != long.MaxValue || Soft != long.MaxValue;
    }
}
