namespace Hal.Cache.Coherence;

/// <summary>Why a read was not answered.</summary>
public enum ReadFailure
{
    /// <summary>The authority did not answer within <see cref="CoherenceOptions.FlightTimeout"/>.</summary>
    CutOff,

    /// <summary>The authority, or this instance, is at one of its limits.</summary>
    Busy,

    /// <summary>The host gave the flight up.</summary>
    GivenUp,
}
