namespace Hal.Cache.Gateway.Blocking;

/// <summary>Why a blocked client goes on.</summary>
internal enum WakeReason
{
    /// <summary>Its command ran and wrote the reply.</summary>
    Served,

    /// <summary>Its command met a fault, which its own connection awaits before it runs it again.</summary>
    Faulted,

    TimedOut,

    /// <summary>CLIENT UNBLOCK with ERROR.</summary>
    Unblocked,

    /// <summary>The connection ends.</summary>
    Gone,
}
