namespace Hal.Cache.Gateway;

/// <summary>What COMMAND INFO tells about a command, by Redis's names, and below them what only the dispatcher reads.</summary>
[Flags]
internal enum CommandFlags
{
    None = 0,
    Write = 1 << 0,
    ReadOnly = 1 << 1,

    /// <summary>Refused, or made to wait, when memory is full.</summary>
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

    /// <summary>Allowed before authentication.</summary>
    NoAuth = 1 << 13,

    /// <summary>May have an effect that others hear of, though it is no write; COMMAND INFO does not tell it, as Redis's does not.</summary>
    MayReplicate = 1 << 14,
    NoAsyncLoading = 1 << 15,
    NoMulti = 1 << 16,
    MovableKeys = 1 << 17,
    AllowBusy = 1 << 18,

    /// <summary>The command may be called without any key.</summary>
    NoMandatoryKeys = 1 << 19,

    /// <summary>The dispatcher locks all shards.</summary>
    AllShards = 1 << 24,

    /// <summary>May run long: it moves to the thread pool first, so that it does not hold up the thread that polls sockets.</summary>
    Long = 1 << 25,

    /// <summary>What is Long about it begins late: it stays on an event loop's thread, and leaves the loop where it takes long.</summary>
    LeavesLoop = 1 << 29,

    /// <summary>Runs at once between MULTI and EXEC, where others are queued.</summary>
    Unqueued = 1 << 26,

    /// <summary>Allowed while a RESP2 client is subscribed to a channel.</summary>
    WhileSubscribed = 1 << 27,

    /// <summary>Is about this instance, though it reads keys: it never runs at the authority.</summary>
    Local = 1 << 28,
}
