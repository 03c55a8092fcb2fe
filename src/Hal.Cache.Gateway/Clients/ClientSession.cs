namespace Hal.Cache.Gateway.Clients;

/// <summary>A connection as commands see it: who it is, its database and its modes. Written by its own connection, read by any.</summary>
internal sealed class ClientSession(long id, string remote, string local, DateTimeOffset created, Action abort, int commands = ClientSession.CommandsRoom)
{
    /// <summary>Commands that there is room to count for, where the table's own number is not given.</summary>
    public const int CommandsRoom = 512;

    public long Id { get; } = id;

    public string Remote { get; } = remote;

    public string Local { get; } = local;

    public DateTimeOffset Created { get; } = created;

    public bool IsAuthenticated { get; set; }

    /// <summary>Number of the database that keys belong to.</summary>
    public int Database { get; set; }

    /// <summary>Version of the protocol that replies are written in: 2 or 3.</summary>
    public int Protocol { get; set; } = 2;

    /// <summary>CLIENT SETNAME's bytes as Latin-1 text, empty for none.</summary>
    public string Name { get; set; } = "";

    /// <summary>CLIENT SETINFO LIB-NAME.</summary>
    public string LibraryName { get; set; } = "";

    /// <summary>CLIENT SETINFO LIB-VER.</summary>
    public string LibraryVersion { get; set; } = "";

    /// <summary>CLIENT NO-EVICT.</summary>
    public bool NoEvict { get; set; }

    /// <summary>CLIENT NO-TOUCH: reads leave the eviction policy's state alone.</summary>
    public bool NoTouch { get; set; }

    /// <summary>CLIENT REPLY.</summary>
    public ReplyMode Replies { get; set; }

    /// <summary>CLIENT TRACKING.</summary>
    public TrackingMode Tracking { get; set; } = TrackingMode.Off;

    /// <summary>Counters of the commands that it ran.</summary>
    public ClientCounters Counters { get; } = new(commands);

    /// <summary>When it last sent something, in Unix milliseconds of the coarse clock.</summary>
    public long ActiveAt { get; set; } = created.ToUnixTimeMilliseconds();

    /// <summary>Messages from other connections (MONITOR); null until the first is asked for.</summary>
    public ClientOutbox? Outbox { get; set; }

    /// <summary>Makes the connection look at its outbox; set by the connection.</summary>
    public Action Wake { get; set; } = static () => { };

    public bool IsMonitor { get; set; }

    /// <summary>Set where another instance of the tree is at the other end, or is about to prove that it is.</summary>
    public Peers.PeerSession? Peer { get; set; }

    /// <summary>Cuts the connection at once.</summary>
    public void Abort() => abort();
}
