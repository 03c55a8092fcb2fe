using System.Net;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>How a process is a member of an Orleans cluster.</summary>
public sealed class OrleansMemberOptions
{
    /// <summary>The cluster: processes with one id and one database are one.</summary>
    public string ClusterId { get; set; } = "hal-cache";

    /// <summary>What people know this member by.</summary>
    public string Name { get; set; } = "local";

    /// <summary>Where other members connect; an address of all interfaces is told to others as the host's own.</summary>
    public IPEndPoint Listen { get; set; } = new(IPAddress.Loopback, 11_111);

    /// <summary>Where .NET clients of the cluster connect; null: nowhere.</summary>
    public IPEndPoint? Gateway { get; set; }

    /// <summary>PostgreSQL in which members find each other, as Npgsql takes it; the tables must be there. Null: a cluster of this process alone.</summary>
    public string? Postgres { get; set; }

    /// <summary>What members must share; empty where anybody who reaches the port may be one.</summary>
    public byte[] Secret { get; set; } = [];

    /// <summary>Calls of grains carry the context of the span that they are made in, which costs each of them a filter.</summary>
    public bool PropagatesTraces { get; set; }

    /// <summary>Orleans' dashboard is there to be mounted, which each call of a grain pays for; only in a build with it.</summary>
    public bool HasDashboard { get; set; }

    public OrleansPlaneOptions Plane { get; set; } = new();
}
