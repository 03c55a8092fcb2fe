using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Gateway;

/// <summary>Settings of an instance's RESP gateway.</summary>
public sealed class GatewayOptions
{
    public const int ClientsMaxDefault = 10_000;

    /// <summary>Name of the instance.</summary>
    public string Name { get; init; } = "local";

    /// <summary>What AUTH asks for; null lets everybody in.</summary>
    public string? RequirePass { get; set; }

    /// <summary>File of users, null for none: then users last as long as the process.</summary>
    public string? AclFile { get; init; }

    /// <summary>File that keeps the libraries of functions over a restart, null for none: then they last as long as the process.</summary>
    public string? FunctionsFile { get; init; }

    /// <summary>Takes the lines of redis.log, with Redis's levels from 0 (debug) to 3 (warning); null drops them.</summary>
    public Action<int, string>? ScriptLog { get; init; }

    /// <summary>Whether the instance presents itself as a cluster of one node.</summary>
    public ClusterViewMode ClusterView { get; init; }

    /// <summary>Most connections at one time, until CONFIG SET says otherwise.</summary>
    public int ClientsMax { get; init; } = ClientsMaxDefault;

    /// <summary>Most connections that CONFIG SET may ask for: what the process has files for.</summary>
    public int ClientsBound { get; init; } = int.MaxValue;

    /// <summary>Version of Redis whose behaviour this is.</summary>
    public string RedisVersion { get; init; } = "7.2.0";

    /// <summary>What HAL.WHERE, HAL.ROUTE and their kind ask, and where the messages of hal:events come from; null refuses the first and leaves the second silent.</summary>
    public IControlPlane? Plane { get; set; }

    /// <summary>Asks the process to end, as SHUTDOWN does; null refuses SHUTDOWN.</summary>
    public Action? Shutdown { get; set; }

    /// <summary>Port that clients connect to, as CONFIG and INFO tell it.</summary>
    public int Port { get; set; } = 6379;

    /// <summary>Address that is listened on, as CONFIG tells it.</summary>
    public string Bind { get; set; } = "127.0.0.1";

    /// <summary>Data directory, as CONFIG tells it; empty where data is kept in memory only.</summary>
    public string Directory { get; init; } = "";

    /// <summary>One of commit, interval, none: CONFIG tells it as appendonly and appendfsync.</summary>
    public string Durability { get; init; } = "none";
}
