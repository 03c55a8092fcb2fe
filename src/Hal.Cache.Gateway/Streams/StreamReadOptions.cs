using Hal.Cache.Gateway.Blocking;
using Hal.Cache.Gateway.Collections;

namespace Hal.Cache.Gateway.Streams;

/// <summary>What XREAD and XREADGROUP are asked for.</summary>
internal struct StreamReadOptions
{
    /// <summary>Most entries of each stream, 0 for all.</summary>
    public long Count { get; private set; }

    public bool IsBlocking { get; private set; }

    public TimeSpan Timeout { get; private set; }

    /// <summary>What is delivered is not pending.</summary>
    public bool NoAck { get; private set; }

    public int GroupArg { get; private set; }

    public readonly int ConsumerArg => GroupArg + 1;

    public int FirstKey { get; private set; }

    /// <summary>Number of streams; each has a key and an ID.</summary>
    public int Streams { get; private set; }

    public readonly int KeyArg(int index) => FirstKey + index;

    public readonly int IdArg(int index) => FirstKey + Streams + index;

    /// <summary>Reads the options; false with Redis's error replied.</summary>
    public static bool TryParse(CommandContext c, bool isGroup, out StreamReadOptions options)
    {
        options = default;
        for (int arg = 1; arg < c.Count && options.FirstKey == 0; arg++)
        {
            if (!options.TryOption(c, isGroup, ref arg)) return false;
        }

        if (options.FirstKey == 0 || (isGroup && options.GroupArg == 0))
        {
            if (options.FirstKey == 0) c.Syntax();
            else c.Error("ERR Missing GROUP option for XREADGROUP"u8);
            return false;
        }

        return true;
    }

    /// <summary>The first key's argument of a command that begins at another one, -1 where what is before it can't be understood: the keys to lock.</summary>
    public static int FirstKeyOf(CommandContext c, int offset)
    {
        for (int arg = offset + 1; arg < c.Count - 1; arg++)
        {
            if (c.IsLarge(arg)) return -1;
            if (c.Is(arg, "STREAMS"u8)) return arg + 1;
            if (c.Is(arg, "BLOCK"u8) || c.Is(arg, "COUNT"u8)) arg++;
            else if (c.Is(arg, "GROUP"u8)) arg += 2;
            else if (!c.Is(arg, "NOACK"u8)) return -1;
        }

        return -1;
    }

    private bool TryOption(CommandContext c, bool isGroup, ref int arg)
    {
        int more = c.Count - arg - 1;
        if (more > 0 && c.Is(arg, "BLOCK"u8))
        {
            if (c.IsInScript)
            {
                c.Error($"ERR {System.Text.Encoding.Latin1.GetString(c.Arg(0))} command is not allowed with BLOCK option from scripts");
                return false;
            }

            if (!BlockTimeout.TryParseMilliseconds(c, ++arg, out TimeSpan timeout)) return false;
            (IsBlocking, Timeout) = (true, timeout);
            return true;
        }

        if (more > 0 && c.Is(arg, "COUNT"u8))
        {
            if (!c.TryLong(++arg, out long count)) return false;
            Count = Math.Max(0, count);
            return true;
        }

        if (more > 0 && c.Is(arg, "STREAMS"u8))
        {
            FirstKey = arg + 1;
            Streams = more / 2;
            if ((more & 1) == 0) return true;
            c.Error($"ERR Unbalanced '{c.Spec.FullName}' list of streams: for each stream key an ID or '{(isGroup ? '>' : '$')}' must be specified.");
            return false;
        }

        if (more > 1 && c.Is(arg, "GROUP"u8))
        {
            GroupArg = arg + 1;
            arg += 2;
            return isGroup || Refuse(c, "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."u8);
        }

        if (c.Is(arg, "NOACK"u8))
        {
            NoAck = true;
            return isGroup || Refuse(c, "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."u8);
        }

        c.Syntax();
        return false;
    }

    private static bool Refuse(CommandContext c, ReadOnlySpan<byte> error)
    {
        c.Error(error);
        return false;
    }
}
