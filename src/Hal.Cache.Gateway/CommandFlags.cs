namespace Hal.Cache.Gateway;

/// <summary>What a command is, in Redis's terms (COMMAND INFO), and how it is run here.</summary>
[Flags]
internal enum CommandFlags
{
    None = 0,
    Write = 1 << 0,
    ReadOnly = 1 << 1,
    DenyOom = 1 << 2,
    Admin = 1 << 3,
    PubSub = 1 << 4,
    NoScript = 1 << 5,
    Blocking = 1 << 6,
    Loading = 1 << 7,
    Stale = 1 << 8,
    SkipMonitor = 1 << 9,
    SkipSlowlog = 1 << 10,
    Asking = 1 << 11,
    Fast = 1 << 12,
    NoAuth = 1 << 13,
    MayReplicate = 1 << 14,
    MovableKeys = 1 << 15,
    AllowBusy = 1 << 16,
    NoMulti = 1 << 17,

    /// <summary>Runs under the locks of all shards.</summary>
    AllShards = 1 << 24,

    /// <summary>May take long, so that it leaves the thread that polls the sockets first.</summary>
    Long = 1 << 25,
}
