using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Streams;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Streams;

/// <summary>What XADD and XTRIM say in front of the entry: how to trim, whether to make a stream, and which ID.</summary>
internal struct StreamTrim
{
    private const long NodesMax = 100; // trimming about goes no further at a time
    private const long EntriesMax = 1_000_000;
    private const long EntriesDefault = 10_000;

    /// <summary>Greatest number of entries that stay, null where an ID or nothing is told.</summary>
    public long? Length { get; private set; }

    /// <summary>Least ID that stays, null where a number or nothing is told.</summary>
    public StreamId? Below { get; private set; }

    /// <summary>Only whole nodes go.</summary>
    public bool IsAbout { get; private set; }

    /// <summary>Most entries that go, 0 for no limit.</summary>
    public long Most { get; private set; }

    public bool OnlyPresent { get; private set; }

    /// <summary>The new entry's ID, null for "*".</summary>
    public StreamId? Id { get; private set; }

    /// <summary>False where the stream chooses the second part of the ID.</summary>
    public bool HasNumber { get; private set; }

    public readonly bool IsNone => Length is null && Below is null;

    /// <summary>Reads the options; <paramref name="arg"/> is that of the ID, or behind the last one. False with Redis's error replied.</summary>
    public static bool TryParse(CommandContext c, bool isAdd, out StreamTrim trim, out int arg)
    {
        trim = new StreamTrim { HasNumber = true };
        bool hasLimit = false;
        for (arg = 2; arg < c.Count; arg++)
        {
            bool more = arg + 1 < c.Count;
            if (isAdd && c.Arg(arg).SequenceEqual("*"u8)) break;
            if (more && (c.Is(arg, "MAXLEN"u8) || c.Is(arg, "MINID"u8)))
            {
                if (!trim.TryThreshold(c, ref arg)) return false;
            }
            else if (more && c.Is(arg, "LIMIT"u8))
            {
                if (!c.TryLong(++arg, out long most)) return false;
                if (most < 0) return Refuse(c, "ERR The LIMIT argument must be >= 0."u8);
                trim.Most = most;
                hasLimit = true;
            }
            else if (isAdd && c.Is(arg, "NOMKSTREAM"u8))
            {
                trim.OnlyPresent = true;
            }
            else if (isAdd)
            {
                if (!c.TryNewId(arg, out StreamId id, out bool hasNumber)) return false;
                (trim.Id, trim.HasNumber) = (id, hasNumber);
                break;
            }
            else
            {
                c.Syntax();
                return false;
            }
        }

        if (trim.Most != 0 && trim.IsNone) return Refuse(c, "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"u8);
        if (!isAdd && trim.IsNone) return Refuse(c, "ERR syntax error, XTRIM must be called with a trimming strategy"u8);
        if (hasLimit && !trim.IsAbout) return Refuse(c, "ERR syntax error, LIMIT cannot be used without the special ~ option"u8);
        if (trim.IsAbout && !hasLimit) trim.Most = LimitOf(c.Keyspace.Collections);
        return true;
    }

    /// <summary>Trims, and gives the number of entries that went.</summary>
    public readonly long Apply(StreamValue stream, ChangeLog log) =>
        IsNone ? 0 : stream.Trim(Length, Below ?? StreamId.Zero, IsAbout, Most, log);

    private bool TryThreshold(CommandContext c, ref int arg)
    {
        if (!IsNone) return Refuse(c, "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"u8);
        bool isLength = c.Is(arg, "MAXLEN"u8);
        arg++;
        IsAbout = false;
        if (arg + 1 < c.Count && c.Arg(arg) is [(byte)'~' or (byte)'=']) IsAbout = c.Arg(arg++)[0] == (byte)'~';
        if (!isLength)
        {
            if (!c.TryId(arg, 0, true, out StreamId below)) return false;
            Below = below;
            return true;
        }

        if (!c.TryLong(arg, out long length)) return false;
        if (length < 0) return Refuse(c, "ERR The MAXLEN argument must be >= 0."u8);
        Length = length;
        return true;
    }

    private static long LimitOf(CollectionLimits limits)
    {
        long most = Math.Min(EntriesMax, limits.StreamNodeEntriesMax) * NodesMax;
        return most <= 0 ? EntriesDefault : Math.Min(most, EntriesMax);
    }

    private static bool Refuse(CommandContext c, ReadOnlySpan<byte> error)
    {
        c.Error(error);
        return false;
    }
}
