namespace Hal.Cache.Gateway.Clients;

/// <summary>A connection as commands see it: who it is, its database and its modes. Written by its own connection, read by any.</summary>
internal sealed class ClientSession(long id, string remote, string local, DateTimeOffset created, Action abort)
{
    public long Id { get; } = id;

    public string Remote { get; } = remote;

    public string Local { get; } = local;

    public DateTimeOffset Created { get; } = created;

    public bool IsAuthenticated { get; set; }

    /// <summary>Number of the database that keys belong to.</summary>
    public int Database { get; set; }

    /// <summary>CLIENT NO-TOUCH: reads leave the eviction policy's state alone.</summary>
    public bool NoTouch { get; set; }

    /// <summary>Cuts the connection at once.</summary>
    public void Abort() => abort();
}
