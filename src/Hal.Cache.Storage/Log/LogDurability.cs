namespace Hal.Cache.Storage.Log;

/// <summary>When the log commits of its own accord.</summary>
internal enum LogDurability
{
    /// <summary>At once when somebody waits; all waiters of the moment share one commit.</summary>
    Commit,

    /// <summary>As <see cref="Commit"/>, and what nobody waits for within <see cref="RecordLogOptions.CommitInterval"/>.</summary>
    Interval,

    /// <summary>Only when asked, and at an orderly close.</summary>
    None,
}
