namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>What a process has to know of a tree to rank routes in it by itself.</summary>
public sealed record RouteView
{
    /// <summary>Differs from one life of the tree to another, so that revisions of different ones are not compared.</summary>
    public required string Life { get; init; }

    public required TreeView Tree { get; init; }

    /// <summary>Number of the last change of links that is in the view.</summary>
    public required long Revision { get; init; }

    /// <summary>All links are in it; else only those that have changed since the revision that was asked from.</summary>
    public required bool HasAllLinks { get; init; }

    public IReadOnlyList<ViewedLink> Links { get; init => field = value ?? []; } = [];

    /// <summary>Instances with bytes that wait to be sent.</summary>
    public IReadOnlyList<ViewedQueue> Queues { get; init => field = value ?? []; } = [];

    public IReadOnlyList<ViewedFailure> Failures { get; init => field = value ?? []; } = [];
}
