namespace Hal.Cache.Silo.Settings;

/// <summary>When a write is acknowledged, and so what a crash may lose.</summary>
internal enum Durability
{
    /// <summary>After its log record is committed to disk: nothing acknowledged is lost.</summary>
    Commit,

    /// <summary>At once; the log is committed every second, as Redis's <c>everysec</c>: about the last second may be lost.</summary>
    Interval,

    /// <summary>At once; the log is committed when the instance stops: a crash may lose what came since.</summary>
    None,
}
