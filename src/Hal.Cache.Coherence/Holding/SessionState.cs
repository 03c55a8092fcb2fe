namespace Hal.Cache.Coherence.Holding;

/// <summary>How far a holder's session has come.</summary>
internal enum SessionState
{
    /// <summary>No connection.</summary>
    Idle,

    /// <summary>The <see cref="Messages.Hello"/> is on its way.</summary>
    Greeting,

    /// <summary>The authority has accepted the session.</summary>
    Live,
}
