namespace Hal.Cache.Gateway.PubSub;

/// <summary>Classes of keyspace events, as <c>notify-keyspace-events</c> names them by letters.</summary>
[Flags]
internal enum EventClasses
{
    None = 0,

    /// <summary>K: to the key's channel.</summary>
    Keyspace = 1 << 0,

    /// <summary>E: to the event's channel.</summary>
    Keyevent = 1 << 1,
    Generic = 1 << 2,
    String = 1 << 3,
    List = 1 << 4,
    Set = 1 << 5,
    Hash = 1 << 6,
    SortedSet = 1 << 7,
    Expired = 1 << 8,
    Evicted = 1 << 9,
    Stream = 1 << 10,
    KeyMiss = 1 << 11,
    Module = 1 << 12,
    New = 1 << 13,

    /// <summary>A: all but misses and new keys.</summary>
    All = Generic | String | List | Set | Hash | SortedSet | Expired | Evicted | Stream | Module,
}
