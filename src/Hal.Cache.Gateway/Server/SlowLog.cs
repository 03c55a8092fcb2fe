using System.Globalization;

namespace Hal.Cache.Gateway.Server;

/// <summary>The last commands that ran longer than <c>slowlog-log-slower-than</c> microseconds. Thread-safe.</summary>
internal sealed class SlowLog(ConfigParameters config)
{
    /// <summary>Below this many microseconds every command is timed; above, those that wait or that may be long are.</summary>
    private const long TimesAllBelow = 1000;

    private const int ArgsMax = 32;
    private const int ArgBytesMax = 128;

    private readonly Lock gate = new();
    private readonly LinkedList<SlowLogEntry> entries = [];
    private long nextId;
    private long most = long.Parse(config.Value("slowlog-max-len"), CultureInfo.InvariantCulture);

    /// <summary>Microseconds from which on a command is noted; negative notes none.</summary>
    public long Threshold { get; private set; } = 10_000;

    public bool TimesAll => Threshold is >= 0 and < TimesAllBelow;

    /// <summary>Reads the settings again, when they have changed.</summary>
    public void Configure()
    {
        Threshold = long.Parse(config.Value("slowlog-log-slower-than"), CultureInfo.InvariantCulture);
        lock (gate)
        {
            most = long.Parse(config.Value("slowlog-max-len"), CultureInfo.InvariantCulture);
            Trim();
        }
    }

    public void Note(CommandContext context, long microseconds)
    {
        if (Threshold < 0 || microseconds < Threshold)
            return;
        var args = new List<byte[]>();
        int shown = context.Count > ArgsMax ? ArgsMax - 1 : context.Count;
        for (int i = 0; i < shown; i++)
            args.Add(Shown(context, i));
        if (shown < context.Count)
            args.Add(Ascii($"... ({context.Count - shown} more arguments)"));
        lock (gate)
        {
            entries.AddFirst(new SlowLogEntry(
                nextId++, context.Server.Time.GetUtcNow().ToUnixTimeSeconds(), microseconds, args, context.Client.Remote, context.Client.Name));
            Trim();
        }
    }

    public List<SlowLogEntry> Latest(int count)
    {
        lock (gate)
            return [.. entries.Take(count)];
    }

    public int Count
    {
        get
        {
            lock (gate)
                return entries.Count;
        }
    }

    public void Reset()
    {
        lock (gate)
            entries.Clear();
    }

    private static byte[] Shown(CommandContext context, int arg)
    {
        if (Secrets.Holds(context, arg))
            return Secrets.Shown.ToArray();
        long length = context.ArgLength(arg);
        if (context.IsLarge(arg))
            return Ascii($"({length} bytes)");
        return length <= ArgBytesMax
            ? context.Arg(arg).ToArray()
            : [.. context.Arg(arg)[..ArgBytesMax], .. Ascii($"... ({length - ArgBytesMax} more bytes)")];
    }

    private static byte[] Ascii(FormattableString text) => System.Text.Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));

    private void Trim()
    {
        while (entries.Count > most && entries.Count > 0)
            entries.RemoveLast();
    }
}
