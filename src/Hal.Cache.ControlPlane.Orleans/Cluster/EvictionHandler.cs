using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Cluster;

/// <summary>
/// Takes Orleans' wish to end the process, as after an eviction: a cache that serves its data must not end because the control plane's cluster
/// lost sight of it.
/// </summary>
internal sealed class EvictionHandler(Action<EvictionHandler> told) : IFatalErrorHandler
{
    private volatile string? why;

    /// <summary>What was told; null where nothing was.</summary>
    public string? Why => why;

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        why = exception?.Message ?? context ?? "no reason was given";
        told(this);
    }
}
