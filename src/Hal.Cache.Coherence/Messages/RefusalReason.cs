namespace Hal.Cache.Coherence.Messages;

/// <summary>Why an authority refuses a session.</summary>
public enum RefusalReason
{
    /// <summary>The message names another epoch than the authority's.</summary>
    Epoch,

    /// <summary>The session ended, or never began, at this authority.</summary>
    Session,

    /// <summary>The authority has as many sessions or instances as its limits allow; a later try may work.</summary>
    Busy,
}
