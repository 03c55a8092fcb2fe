namespace Hal.Cache.Gateway.Clients;

/// <summary>A connection as commands see it: who it is, its database and its modes.</summary>
internal sealed class ClientSession(long id)
{
    public long Id { get; } = id;

    /// <summary>Number of the database that keys belong to.</summary>
    public int Database { get; set; }

    /// <summary>CLIENT NO-TOUCH: reads leave the eviction policy's state alone.</summary>
    public bool NoTouch { get; set; }
}
