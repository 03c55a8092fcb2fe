namespace Hal.Cache.Gateway.PubSub.Relay;

/// <summary>The limits of messages between instances, by name.</summary>
internal static class RelayLimits
{
    /// <summary>Channels and patterns that one instance tells another by name; beyond, it asks for all messages.</summary>
    public const int NamesMax = 65_536;

    /// <summary>Bytes of frames that may wait for one instance; messages beyond are dropped, and counted.</summary>
    public const int QueueBytesMax = 32 << 20;

    /// <summary>Longest channel and message together that go to another instance, in bytes.</summary>
    public const int MessageBytesMax = QueueBytesMax - 1024;

    /// <summary>Bytes of names in one frame, about.</summary>
    public const int InterestBytesMax = 256 << 10;

    /// <summary>Keyspace events that wait for the publication of their changes; those beyond are dropped, and counted.</summary>
    public const int EventsHeldMax = 1 << 18;

    /// <summary>Time between two signs of life.</summary>
    public static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(1);

    /// <summary>An instance that is silent for so long is taken to be gone.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(5);

    /// <summary>How long a subscription waits until every instance knows of it; one that does not answer holds it up no longer.</summary>
    public static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Time between two tries to reach the instance above.</summary>
    public static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Tries to reach the parent before the root is asked in its stead.</summary>
    public const int ParentTries = 5;
}
