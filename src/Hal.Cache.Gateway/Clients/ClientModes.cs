namespace Hal.Cache.Gateway.Clients;

/// <summary>States of a connection in which commands are looked at once more before they run.</summary>
[Flags]
internal enum ClientModes
{
    None = 0,

    /// <summary>MULTI was given: commands are queued.</summary>
    Multi = 1,

    /// <summary>At least one channel or pattern is subscribed to.</summary>
    Subscribed = 2,

    /// <summary>CLIENT TRACKING is on, and not BCAST: what is read is remembered.</summary>
    Tracking = 4,
}
