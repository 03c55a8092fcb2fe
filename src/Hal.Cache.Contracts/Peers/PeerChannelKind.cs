namespace Hal.Cache.Contracts.Peers;

/// <summary>What a connection between two instances is for; one connection never mixes them, so that none waits behind another.</summary>
public enum PeerChannelKind
{
    /// <summary>Coherence messages, as frames both ways.</summary>
    Coherence,

    /// <summary>Bytes of objects.</summary>
    Bytes,

    /// <summary>Commands that the peer runs for this instance's clients, as RESP.</summary>
    Commands,

    /// <summary>Published messages, and who is subscribed to what, as frames both ways.</summary>
    Messages,

    /// <summary>Commands that may wait for long, many at a time, and their replies, as frames both ways.</summary>
    Waits,
}
