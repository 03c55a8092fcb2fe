namespace Hal.Cache.Coherence;

/// <summary>What became of an acquire at the authority.</summary>
public enum AcquireOutcome
{
    /// <summary>The instance is a holder: answer, once the ticket is published where it is not 0.</summary>
    Registered,

    /// <summary>A round on the key runs: <see cref="IAuthorityOutput.Released"/> comes when it is time to ask again.</summary>
    Held,

    /// <summary>The session is not live; the instance has been told.</summary>
    Refused,

    /// <summary>A named limit is reached: answer <see cref="Messages.AcquireStatus.Busy"/>.</summary>
    Busy,
}
