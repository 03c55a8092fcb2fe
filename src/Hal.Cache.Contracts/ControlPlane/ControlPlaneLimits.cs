namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The control plane's limits; over one, a call answers Invalid or Busy and names it.</summary>
public static class ControlPlaneLimits
{
    /// <summary>Version of the messages between silos and control plane; another one is refused at registration.</summary>
    public const int ProtocolVersion = 1;

    /// <summary>Letters of an instance's, manifest's or batch's name.</summary>
    public const int NameLengthMax = 64;

    public const int InstancesMax = 4096;

    /// <summary>Parents between an instance and its root.</summary>
    public const int DepthMax = 16;

    public const int LinksMax = 65_536;

    /// <summary>Keys in one request.</summary>
    public const int KeysMax = 10_000;

    /// <summary>Items of a page.</summary>
    public const int PageItemsMax = 10_000;

    /// <summary>Keys that are looked at for one page.</summary>
    public const int ScannedMax = 100_000;

    /// <summary>Events of a batch.</summary>
    public const int BatchEventsMax = 4096;

    /// <summary>Keys added, evicted or being fetched in all events of a batch together.</summary>
    public const int BatchKeysMax = 16_384;

    /// <summary>Bytes of all keys of a batch together.</summary>
    public const int BatchKeyBytesMax = 4 << 20;

    /// <summary>How far an event's timestamp may be ahead of the control plane's clock before the control plane's time takes its place, in seconds.</summary>
    public const int ClockAheadSecondsMax = 300;

    public const int ObservationsMax = 1024;

    /// <summary>Events kept for subscribers that resume.</summary>
    public const int EventLogMax = 65_536;

    /// <summary>Keys in all kept events together.</summary>
    public const int EventLogKeysMax = 1_048_576;

    /// <summary>Events that a subscriber may be behind before it loses some.</summary>
    public const int SubscriberQueueMax = EventLogMax;

    public const int SubscribersMax = 1024;

    /// <summary>Keys of a manifest, a prestage job, a pin or an affinity question.</summary>
    public const int SelectionKeysMax = 1_000_000;

    /// <summary>Prefixes of a selection.</summary>
    public const int SelectionPrefixesMax = 64;

    public const int ManifestsMax = 1024;

    /// <summary>Prestage jobs that have not ended; ended ones beyond it are forgotten, oldest first.</summary>
    public const int PrestagesMax = 1024;

    /// <summary>Instances of one prestage job.</summary>
    public const int PrestageInstancesMax = 256;

    /// <summary>Keys that one take of prestage work may ask for.</summary>
    public const int PrestageTakeMax = 1024;

    public const int PinsMax = 4096;

    /// <summary>Batches that have not ended; ended ones beyond it are forgotten, the one that ended first before others.</summary>
    public const int BatchesMax = 1024;

    /// <summary>Keys of all pins of one instance together, as many as are known when a pin is made.</summary>
    public const int PinnedKeysMax = 1_000_000;

    /// <summary>Part of an instance's store (its disk, or its memory where it has none) that its pins may keep.</summary>
    public const double PinnedShareMax = 0.5;

    public const int PopularKeysMax = 1000;

    /// <summary>Popular keys told in one heartbeat.</summary>
    public const int HeartbeatKeysMax = 256;

    /// <summary>Longest sliding window, in seconds.</summary>
    public const int WindowSecondsMax = 3600;

    public const int IdempotencyKeyLengthMax = 128;

    /// <summary>Idempotency keys that are remembered; the oldest is forgotten first.</summary>
    public const int IdempotencyKeysMax = 8192;

    /// <summary>Bytes of a prefix.</summary>
    public const int PrefixBytesMax = 4096;
}
