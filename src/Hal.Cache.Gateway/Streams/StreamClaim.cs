using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Streams;

namespace Hal.Cache.Gateway.Streams;

/// <summary>XCLAIM's IDs and options.</summary>
internal struct StreamClaim
{
    private const int FirstId = 5;

    public StreamId[] Ids { get; private set; }

    /// <summary>When the entries count as delivered, in Unix milliseconds.</summary>
    public long Time { get; private set; }

    /// <summary>Number of deliveries to set, null to count one more.</summary>
    public long? Deliveries { get; private set; }

    /// <summary>Entries that are not pending become so.</summary>
    public bool Forces { get; private set; }

    public bool OnlyIds { get; private set; }

    /// <summary>The group's last ID is at least this.</summary>
    public StreamId LastId { get; private set; }

    /// <summary>Reads them; false with Redis's error replied.</summary>
    public static bool TryParse(CommandContext c, long now, out StreamClaim claim)
    {
        var ids = new List<StreamId>();
        int arg = FirstId;
        for (; arg < c.Count && StreamIds.TryParse(c.Arg(arg), 0, true, out StreamId id, out bool hasNumber) && hasNumber; arg++) ids.Add(id);
        claim = new StreamClaim { Ids = [.. ids], Time = -1 };
        for (; arg < c.Count; arg++)
        {
            if (!claim.TryOption(c, now, ref arg)) return false;
        }

        // A time that makes no sense is no error: clients count from clocks of their own.
        if (claim.Time < 0 || claim.Time > now) claim.Time = now;
        return true;
    }

    private bool TryOption(CommandContext c, long now, ref int arg)
    {
        bool more = arg + 1 < c.Count;
        if (c.Is(arg, "FORCE"u8))
        {
            Forces = true;
        }
        else if (c.Is(arg, "JUSTID"u8))
        {
            OnlyIds = true;
        }
        else if (more && c.Is(arg, "IDLE"u8))
        {
            if (!c.TryLong(++arg, out long idle, refused: "ERR Invalid IDLE option argument for XCLAIM")) return false;
            Time = unchecked(now - idle);
        }
        else if (more && c.Is(arg, "TIME"u8))
        {
            if (!c.TryLong(++arg, out long time, refused: "ERR Invalid TIME option argument for XCLAIM")) return false;
            Time = time;
        }
        else if (more && c.Is(arg, "RETRYCOUNT"u8))
        {
            if (!c.TryLong(++arg, out long count, refused: "ERR Invalid RETRYCOUNT option argument for XCLAIM")) return false;
            Deliveries = count >= 0 ? count : null;
        }
        else if (more && c.Is(arg, "LASTID"u8))
        {
            if (!c.TryId(++arg, 0, true, out StreamId last)) return false;
            LastId = last;
        }
        else
        {
            c.Error($"ERR Unrecognized XCLAIM option '{System.Text.Encoding.Latin1.GetString(c.Arg(arg))}'");
            return false;
        }

        return true;
    }
}
