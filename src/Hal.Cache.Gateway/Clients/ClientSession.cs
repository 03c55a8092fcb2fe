using System.Buffers;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Gateway.Tracking;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Clients;

/// <summary>A connection as commands see it: who it is, its database and its modes. Written by its own connection, read by any.</summary>
internal sealed class ClientSession(long id, string remote, string local, DateTimeOffset created, Action abort, int commands = ClientSession.CommandsRoom)
{
    private ClientOutbox? outbox;
    private int isCutForOutput;
    private volatile Action wake = static () => { };

    /// <summary>Commands that there is room to count for, where the table's own number is not given.</summary>
    public const int CommandsRoom = 512;

    public long Id { get; } = id;

    public string Remote { get; } = remote;

    public string Local { get; } = local;

    public DateTimeOffset Created { get; } = created;

    /// <summary>Ends when the client will send no more, as far as the transport tells: a command that waits for others then waits in vain.</summary>
    public CancellationToken PeerClosed { get; init; }

    /// <summary>How many messages may wait for it.</summary>
    public OutputLimits Limits { get; init; } = new(TimeProvider.System);

    /// <summary>Whose rights it has. Written by its own connection, and before that.</summary>
    public AclUser User { get; set; } = AclUser.Internal;

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

    /// <summary>It has asked for the cluster of one node.</summary>
    public bool SeesCluster { get; set; }

    /// <summary>CLIENT NO-EVICT.</summary>
    public bool NoEvict { get; set; }

    /// <summary>CLIENT NO-TOUCH: reads leave the eviction policy's state alone.</summary>
    public bool NoTouch { get; set; }

    /// <summary>CLIENT REPLY.</summary>
    public ReplyMode Replies { get; set; }

    /// <summary>CLIENT TRACKING.</summary>
    public TrackingMode Tracking { get; set; } = TrackingMode.Off;

    /// <summary>It has had tracking on, other than by prefix: keys may be remembered as its own.</summary>
    public bool HasTracked { get; set; }

    /// <summary>Counters of the commands that it ran.</summary>
    public ClientCounters Counters { get; } = new(commands);

    /// <summary>When it last sent something, in Unix milliseconds of the coarse clock.</summary>
    public long ActiveAt { get; set; } = created.ToUnixTimeMilliseconds();

    /// <summary>States in which commands are looked at once more; written by its own connection alone.</summary>
    public ClientModes Modes { get; set; }

    /// <summary>MULTI's queue and WATCH's keys; null until one of them is used.</summary>
    public ClientTransaction? Transaction { get; set; }

    /// <summary>Channels and patterns; null until the first is subscribed to.</summary>
    public ClientSubscriptions? Subscriptions { get; set; }

    /// <summary>The client that tracking redirects to was found to be gone.</summary>
    public bool RedirectIsBroken { get; set; }

    /// <summary>A command is waiting for something: the client is not idle.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>A command waits for keys.</summary>
    public bool IsBlocked { get; set; }

    /// <summary>Messages that the client's own command caused: they follow that command's reply. For its own connection alone.</summary>
    public ArrayBufferWriter<byte>? OwnMessages { get; private set; }

    /// <summary>Messages that came before the command's reply and have no place in it: they go ahead of it. For its own connection alone.</summary>
    public ArrayBufferWriter<byte>? EarlyMessages { get; private set; }

    /// <summary>Whether messages from other connections are waiting.</summary>
    public bool HasMessages => outbox is { IsEmpty: false };

    /// <summary>Bytes of buffers for messages.</summary>
    public long OutboxRoomBytes => (outbox?.RoomBytes ?? 0) + (OwnMessages?.Capacity ?? 0) + (EarlyMessages?.Capacity ?? 0);

    /// <summary>Bytes that were handed over for it, and that it has not taken.</summary>
    public long UnsentBytes => Buffers?.UnsentBytes ?? 0;

    /// <summary>Bytes of messages and replies that it has not taken.</summary>
    public long OutputBytes => (outbox?.Bytes ?? 0) + UnsentBytes;

    /// <summary>When it was found above the soft limit of its output, 0 for below; for who looks at that alone.</summary>
    public long AboveSoftSince { get; set; }

    /// <summary>What its connection's buffers hold; set by the connection.</summary>
    public ConnectionBuffers? Buffers { get; set; }

    /// <summary>Messages from other connections.</summary>
    public ClientOutbox Outbox
    {
        get
        {
            if (outbox is null) Interlocked.CompareExchange(ref outbox, new ClientOutbox(Limits), null);
            return outbox;
        }
    }

    /// <summary>Gives it a message in the form which it takes now, from any thread; a client whose outbox is full is cut.</summary>
    /// <param name="running">The client on whose behalf this thread runs, 0 for none: its own messages follow its reply.</param>
    /// <param name="listener">What the client gets it for: nothing comes once that has ended. Null for what it gets in any case.</param>
    public void Send(IClientMessage message, long running, Listener? listener = null)
    {
        if (running == Id) (OwnMessages ??= new()).Write(message.For(this));
        else if (Outbox.TryAdd(message, this, listener)) Wake();
        else CutForOutput();
    }

    /// <summary>Gives a client that watches commands the line of one, from any thread: it is the same in both protocols, and CLIENT REPLY turns it off.</summary>
    public void Send(ReadOnlySpan<byte> line, Listener monitor)
    {
        if (Replies.IsSilent()) return;
        if (Outbox.TryAdd(line, monitor)) Wake();
        else CutForOutput();
    }

    /// <summary>
    /// Changes its protocol and modes, which decide what messages it takes and in which form, for its own connection alone: those that wait are written
    /// in the old form, ahead of the reply; where that is null, as within EXEC's, ahead of the whole of it.
    /// </summary>
    public void Change(int protocol, ClientModes modes, RespWriter? reply)
    {
        // One of RESP2 that listens to nothing takes none.
        if (Protocol == 2 && (Modes & ClientModes.Subscribed) == 0) (Protocol, Modes) = (protocol, modes);
        else if (protocol != Protocol || modes != Modes) Write(Outbox.Take(() => (Protocol, Modes) = (protocol, modes)).Span, reply);
    }

    /// <summary>Writes the messages that wait, where there is no reply ahead of the whole of it; for its own connection alone.</summary>
    public void TakeMessages(RespWriter? reply)
    {
        if (HasMessages) Write(Outbox.Take().Span, reply);
    }

    /// <summary>Forgets what is in the reply now, and a buffer beyond <see cref="ClientOutbox.KeptBytesMax"/>; for its own connection alone.</summary>
    public void EndEarlyMessages() => EarlyMessages = Emptied(EarlyMessages);

    /// <summary>The same for <see cref="OwnMessages"/>.</summary>
    public void EndOwnMessages() => OwnMessages = Emptied(OwnMessages);

    private static ArrayBufferWriter<byte>? Emptied(ArrayBufferWriter<byte>? buffer)
    {
        if (buffer is { Capacity: > ClientOutbox.KeptBytesMax }) return null;
        buffer?.ResetWrittenCount();
        return buffer;
    }

    private void Write(ReadOnlySpan<byte> messages, RespWriter? reply)
    {
        if (reply is not null) reply.Raw(messages);
        else (EarlyMessages ??= new()).Write(messages);
    }

    /// <summary>Makes the connection look at its outbox; set by the connection.</summary>
    public Action Wake
    {
        get => wake;
        set => wake = value;
    }

    public bool IsMonitor { get; set; }

    /// <summary>The connection to the authority on which the client's watched keys are watched; null for none.</summary>
    public Contracts.Peers.ICommandLink? Upstream { get; set; }

    /// <summary>Ends what is watched at the authority.</summary>
    public void LetGoOfUpstream()
    {
        if (Upstream is { } link)
            _ = link.DisposeAsync().AsTask();
        Upstream = null;
    }

    /// <summary>Set where another instance of the tree is at the other end, or is about to prove that it is.</summary>
    public Peers.PeerSession? Peer { get; set; }

    /// <summary>Cuts the connection at once.</summary>
    public void Abort() => abort();

    /// <summary>Does so since too much waits for it.</summary>
    public void CutForOutput()
    {
        if (Interlocked.Exchange(ref isCutForOutput, 1) == 0) Limits.CountCut();
        Abort();
    }
}
