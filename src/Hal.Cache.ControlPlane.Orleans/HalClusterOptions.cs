using System.Net;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>How a .NET service reaches a cluster whose silos have a gateway.</summary>
public sealed class HalClusterOptions
{
    /// <summary>The cluster, as its silos are told with cluster-id.</summary>
    public string ClusterId { get; set; } = "hal-cache";

    /// <summary>PostgreSQL in which the silos meet, as Npgsql takes it; its package must be the application's. Null: <see cref="Gateways"/> are used.</summary>
    public string? Postgres { get; set; }

    /// <summary>Gateways of silos, where the database is not to be asked.</summary>
    public IReadOnlyList<IPEndPoint> Gateways { get; set; } = [];

    /// <summary>The cluster's secret; empty where it has none.</summary>
    public byte[] Secret { get; set; } = [];

    public OrleansPlaneOptions Plane { get; set; } = new();

    /// <summary>The first rule that is broken; null where all is well.</summary>
    public string? Validate() =>
        ClusterId.Length == 0 ? "ClusterId is empty; it must have a name."
        : Postgres is null && Gateways.Count == 0 ? "Gateways is empty; it must name one where Postgres is not given."
        : Plane.Validate();
}
