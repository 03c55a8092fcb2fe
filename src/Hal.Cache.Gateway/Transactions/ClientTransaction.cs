using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers;

namespace Hal.Cache.Gateway.Transactions;

/// <summary>One client's MULTI and WATCH. For its own connection, but for <see cref="Touch"/>, which any thread may call.</summary>
internal sealed class ClientTransaction
{
    private readonly List<QueuedCommand> queue = [];
    private readonly List<WatchedKey> watched = [];
    private volatile bool touched;
    private long queuedBytes;

    public IReadOnlyList<QueuedCommand> Queue => queue;

    public IReadOnlyList<WatchedKey> Watched => watched;

    /// <summary>MULTI was given.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>A command was refused when it was to be queued: EXEC refuses them all.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>A watched key has changed: EXEC answers null.</summary>
    public bool IsTouched => touched;

    /// <summary>Shards of all keys, queued and watched.</summary>
    public ulong Shards { get; private set; }

    /// <summary>The flags of all queued commands.</summary>
    public CommandFlags Flags { get; private set; }

    /// <summary>A queued command may write; told when it is queued, as a script may become another until EXEC.</summary>
    public bool MayWrite { get; private set; }

    /// <summary>A queued command is about keys, or of those that the authority runs.</summary>
    public bool NeedsAuthority { get; private set; }

    /// <summary>The authority of the queued commands' keys, where there are several authorities; null for no keys so far.</summary>
    public string? Authority { get; private set; }

    /// <summary>The queued commands have keys of several authorities, so that none can run them as one.</summary>
    public bool IsCrossing { get; private set; }

    /// <summary>The authority of the watched keys, where there are several authorities.</summary>
    public string? WatchedAuthority { get; set; }

    /// <summary>A queued command changes how those behind it are answered: it can't be run apart from them.</summary>
    public bool ChangesReplies { get; private set; }

    /// <summary>Bytes of the queued requests, those that were streamed included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that the watched keys take.</summary>
    public long WatchedBytes { get; private set; }

    public void Open() => IsOpen = true;

    public void Break() => IsBroken = IsOpen;

    public void Touch() => touched = true;

    /// <summary>Notes the authority of a queued command's keys.</summary>
    public void Meet(string authority)
    {
        IsCrossing |= Authority is not null && Authority != authority;
        Authority = authority;
    }

    /// <summary>Queues the context's command; false where the queue is full.</summary>
    public bool TryQueue(CommandContext c)
    {
        if (queuedBytes + c.Parser.Consumed > GatewayLimits.QueuedBytesMax || queue.Count == GatewayLimits.QueuedCommandsMax) return false;
        queuedBytes += c.Parser.Consumed;
        Bytes += c.Parser.Consumed;
        for (int i = 1; i < c.Count; i++)
        {
            if (c.LargeArg(i) is { } large) Bytes += large.Length;
        }

        Shards |= c.Shards;
        Flags |= c.Spec.Flags;
        MayWrite = MayWrite || c.Server.Scripts.MayWrite(c);
        NeedsAuthority |= CommandRouting.NeedsAuthority(c.Spec);
        ChangesReplies |= CommandRouting.ChangesReplies(c.Spec);
        queue.Add(c.TakeRequest());
        return true;
    }

    /// <summary>False where the client watches the key already.</summary>
    public bool TryWatch(WatchedKey key, ulong shard)
    {
        foreach (WatchedKey other in watched)
        {
            if (other.Database == key.Database && other.Hash == key.Hash && other.Key.AsSpan().SequenceEqual(key.Key)) return false;
        }

        watched.Add(key);
        WatchedBytes += key.Key.Length + ClientMemory.NameBytes;
        Shards |= shard;
        return true;
    }

    /// <summary>Forgets the queue and lets go of its streamed arguments; the caller has ended the watching.</summary>
    public void Clear()
    {
        foreach (QueuedCommand command in queue)
        {
            foreach (ILargeValue value in command.Larges) value.Release();
        }

        queue.Clear();
        ForgetWatched();
        (IsOpen, IsBroken, Shards, Flags, Bytes, queuedBytes) = (false, false, 0, CommandFlags.None, 0, 0);
        (MayWrite, NeedsAuthority, ChangesReplies, Authority, IsCrossing) = (false, false, false, null, false);
    }

    /// <summary>Forgets the watched keys.</summary>
    public void ForgetWatched()
    {
        watched.Clear();
        WatchedBytes = 0;
        WatchedAuthority = null;
        touched = false;
        if (!IsOpen) Shards = 0;
    }
}
