namespace Hal.Cache.Gateway;

/// <summary>Settings of an instance's RESP gateway.</summary>
public sealed class GatewayOptions
{
    /// <summary>Name of the instance.</summary>
    public string Name { get; init; } = "local";

    /// <summary>What AUTH asks for; null lets everybody in.</summary>
    public string? RequirePass { get; set; }

    /// <summary>Most connections at one time.</summary>
    public int ClientsMax { get; init; } = 10_000;

    /// <summary>Version of Redis whose behaviour this is.</summary>
    public string RedisVersion { get; init; } = "7.2.0";
}
