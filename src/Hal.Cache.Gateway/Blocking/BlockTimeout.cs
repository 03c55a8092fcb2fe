using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Blocking;

/// <summary>How long a command waits.</summary>
internal static class BlockTimeout
{
    /// <summary>Longest time that a timer takes; longer ones are waited for without an end.</summary>
    private static readonly TimeSpan TimerMax = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <summary>Reads seconds with fractions, 0 for no end; false with Redis's error replied.</summary>
    public static bool TryParse(CommandContext c, int arg, out TimeSpan timeout)
    {
        timeout = Timeout.InfiniteTimeSpan;
        if (!RedisDouble.TryParse(c.Arg(arg), out double seconds))
        {
            // What only Redis's wider numbers hold is out of range, and not malformed.
            if (RedisLongDouble.TryParse(c.Arg(arg), out _))
            {
                c.Error("ERR timeout is out of range"u8);
                return false;
            }

            c.Error("ERR timeout is not a float or out of range"u8);
            return false;
        }

        double milliseconds = Math.Ceiling(seconds * 1000);
        if (milliseconds > long.MaxValue || (milliseconds > 0 && milliseconds > long.MaxValue - c.Now))
        {
            c.Error("ERR timeout is out of range"u8);
            return false;
        }

        if (milliseconds < 0)
        {
            c.Error(RespErrors.TimeoutNegative);
            return false;
        }

        if (milliseconds > 0 && milliseconds < TimerMax.TotalMilliseconds) timeout = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }
}
