namespace Hal.Cache.Gateway.Connections;

/// <summary>One connection's state, as commands and CLIENT LIST see it; written by its own connection, read by any.</summary>
internal sealed class ClientSession(long id, string remote, string local, DateTimeOffset created, Action abort, CancellationToken closed)
{
    public long Id { get; } = id;

    public string Remote { get; } = remote;

    public string Local { get; } = local;

    public DateTimeOffset Created { get; } = created;

    public CancellationToken Closed { get; } = closed;

    public int Database { get; set; }

    public int Protocol { get; set; } = 2;

    public bool IsAuthenticated { get; set; }

    public string Name { get; set; } = "";

    public string LibraryName { get; set; } = "";

    public string LibraryVersion { get; set; } = "";

    public CommandSpec? LastSpec { get; set; }

    public DateTimeOffset LastActive { get; set; } = created;

    public long Commands { get; set; }

    public long Hits { get; set; }

    public long Misses { get; set; }

    public long Changes { get; set; }

    public long Errors { get; private set; }

    public void NoteError(ReadOnlySpan<byte> text)
    {
        _ = text;
        Errors++;
    }

    /// <summary>Cuts the connection at once.</summary>
    public void Abort() => abort();
}
