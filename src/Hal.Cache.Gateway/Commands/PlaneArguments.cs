using System.Text;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>
/// The options of commands that schedule, as a word and its value in any order: <c>PREFIX p</c> and <c>AT instance</c> as often as wanted,
/// <c>MANIFEST name</c>, <c>BATCH name</c>, <c>EX seconds</c> or <c>EXAT unix-seconds</c>, <c>PRIORITY n</c>, <c>BANDWIDTH bytes</c>, <c>PRESET name</c>,
/// <c>ID text</c>, <c>AFTER cursor</c>, <c>COUNT n</c>; and <c>KEYS key ...</c>, which takes all that follow.
/// </summary>
internal sealed class PlaneArguments
{
    private const int KeysMax = ControlPlaneLimits.KeysMax;
    private const long SecondsMax = 10L * 366 * 24 * 3600;

    private readonly List<CacheKey> keys = [];
    private readonly List<KeyPrefix> prefixes = [];
    private readonly List<string> instances = [];
    private string? manifest;

    /// <summary>What KEYS, PREFIX and MANIFEST select.</summary>
    public KeySelection Selection => new() { Keys = keys, Prefixes = prefixes, Manifest = manifest };

    /// <summary>The instances that AT names.</summary>
    public IReadOnlyList<string> Instances => instances;

    public string? Batch { get; private set; }

    /// <summary>What EX or EXAT says.</summary>
    public DateTimeOffset? EndsAt { get; private set; }

    public int? Priority { get; private set; }

    public long? BytesPerSecond { get; private set; }

    public RouteWeights? Weights { get; private set; }

    /// <summary>What makes a repeated command the same one.</summary>
    public string? Id { get; private set; }

    public PageRequest Page { get; private set; } = new();

    /// <summary>Reads what stands from an argument on; false where it is wrong, and the error is replied.</summary>
    /// <param name="c">The command.</param>
    /// <param name="first">Its first option.</param>
    /// <param name="taken">The words that the command takes.</param>
    public static bool TryRead(CommandContext c, int first, string[] taken, out PlaneArguments arguments)
    {
        arguments = new PlaneArguments();
        for (int i = first; i < c.Count; i += 2)
        {
            string word = Encoding.Latin1.GetString(Word(c.Arg(i))).ToUpperInvariant();
            if (!taken.Contains(word) || i + 1 >= c.Count)
            {
                c.Syntax();
                return false;
            }

            if (word == "KEYS") return arguments.TryTakeKeys(c, i + 1);
            if (!arguments.TryTake(c, word, i + 1)) return false;
        }

        if (!taken.Contains("KEYS") || arguments.prefixes.Count > 0 || arguments.manifest is not null) return true;
        c.Error("ERR one of KEYS, PREFIX and MANIFEST must be given"u8);
        return false;
    }

    /// <summary>The preset of a name; null where there is none.</summary>
    public static RoutePreset? Preset(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "fastest"u8) ? RoutePreset.Fastest
        : Ascii.EqualsIgnoreCase(name, "cheapest"u8) ? RoutePreset.Cheapest
        : Ascii.EqualsIgnoreCase(name, "balanced"u8) ? RoutePreset.Balanced
        : null;

    // No word is as long.
    private static ReadOnlySpan<byte> Word(ReadOnlySpan<byte> word) => word.Length > 16 ? default : word;

    private bool TryTakeKeys(CommandContext c, int first)
    {
        if (c.Count - first > KeysMax)
        {
            c.Error($"ERR at most {KeysMax} keys; more are a manifest, which HTTP takes");
            return false;
        }

        for (int i = first; i < c.Count; i++) keys.Add(new(c.Arg(i).ToArray(), c.Client.Database));
        return true;
    }

    private bool TryTake(CommandContext c, string word, int at)
    {
        ReadOnlySpan<byte> value = c.Arg(at);
        switch (word)
        {
            case "PREFIX":
                prefixes.Add(new(new CacheKey(value.ToArray(), c.Client.Database)));
                return true;
            case "AT":
                instances.Add(Encoding.UTF8.GetString(value));
                return true;
            case "MANIFEST":
                manifest = Encoding.UTF8.GetString(value);
                return true;
            case "BATCH":
                Batch = Encoding.UTF8.GetString(value);
                return true;
            case "ID":
                Id = Encoding.UTF8.GetString(value);
                return true;
            case "AFTER":
                Page = Page with { Cursor = Encoding.UTF8.GetString(value) };
                return true;
            case "PRESET":
                if (Preset(value) is { } preset) Weights = new() { Preset = preset };
                else c.Error("ERR PRESET must be fastest, cheapest or balanced"u8);
                return Weights is not null;
            default:
                return TryTakeNumber(c, word, value);
        }
    }

    private bool TryTakeNumber(CommandContext c, string word, ReadOnlySpan<byte> value)
    {
        if (!RedisInteger.TryParse(value, out long number))
        {
            c.NotInteger();
            return false;
        }

        switch (word)
        {
            case "COUNT" when number is > 0 and <= ControlPlaneLimits.PageItemsMax:
                Page = Page with { Limit = (int)number };
                return true;
            case "COUNT":
                c.Error($"ERR COUNT must be from 1 to {ControlPlaneLimits.PageItemsMax}");
                return false;
            case "PRIORITY":
                Priority = (int)Math.Clamp(number, int.MinValue, int.MaxValue);
                return true;
            case "BANDWIDTH":
                BytesPerSecond = number;
                return true;
            default:
                long seconds = word == "EX" ? number : number - c.Time.ToUnixTimeSeconds();
                if (number <= 0 || seconds > SecondsMax)
                {
                    c.InvalidExpiry();
                    return false;
                }

                EndsAt = word == "EX" ? c.Time.AddSeconds(number) : DateTimeOffset.FromUnixTimeSeconds(number);
                return true;
        }
    }
}
