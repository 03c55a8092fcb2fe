namespace Hal.Cache.Gateway.Peers;

/// <summary>Where a command runs.</summary>
internal enum CommandPlace
{
    /// <summary>At this instance.</summary>
    Here,

    /// <summary>At the authority of its keys; without keys, at the default one.</summary>
    Authority,

    /// <summary>At every authority.</summary>
    AllAuthorities,

    /// <summary>Nowhere: its keys are of several authorities.</summary>
    Crossing,

    /// <summary>Nowhere: another instance sent it here, and its keys are another authority's.</summary>
    Foreign,
}
