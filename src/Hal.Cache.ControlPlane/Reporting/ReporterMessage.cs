using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>A message to the control plane: exactly one of the four is set; the answer names <see cref="Id"/>.</summary>
public sealed record ReporterMessage(long Id)
{
    public InstanceRegistration? Registration { get; init; }

    public Heartbeat? Heartbeat { get; init; }

    public EventBatch? Batch { get; init; }

    public DigestQuery? Query { get; init; }
}
