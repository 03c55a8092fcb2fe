namespace Hal.Cache.Coherence;

/// <summary>What an authority knows of a write's request id.</summary>
public enum RequestOutcome
{
    /// <summary>Not seen before: execute it.</summary>
    New,

    /// <summary>Executed, the result not published yet: nothing to do, the reply goes to the instance when it is.</summary>
    Running,

    /// <summary>Executed; the result is here. In the grace of a restart it waits as all replies do.</summary>
    Known,

    /// <summary>Too old to know: answer that the outcome is unknown.</summary>
    Unknown,

    /// <summary>As many requests of the instance are running as the limit allows.</summary>
    Busy,
}
