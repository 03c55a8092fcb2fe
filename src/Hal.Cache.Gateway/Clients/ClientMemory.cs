using Hal.Cache.Gateway.Transactions;

namespace Hal.Cache.Gateway.Clients;

/// <summary>The memory that one client takes, in bytes, as CLIENT LIST tells it.</summary>
/// <param name="Query">Requests that have come and not been run.</param>
/// <param name="QueryFree">Room behind them.</param>
/// <param name="Arguments">The command that waits, what the store holds of its arguments included.</param>
/// <param name="Queued">The commands of a transaction that is open.</param>
/// <param name="Reply">Replies that are being written.</param>
/// <param name="ReplyRoom">What the buffer for them takes.</param>
/// <param name="Output">Replies and messages that the client has not taken.</param>
/// <param name="OutputRoom">The same, and the room behind messages.</param>
/// <param name="Names">What it watches, is subscribed to, and tracks by prefix.</param>
/// <param name="Base">What a client takes that does nothing.</param>
internal readonly record struct ClientMemory(
    long Query, long QueryFree, long Arguments, long Queued, long Reply, long ReplyRoom, long Output, long OutputRoom, long Names, long Base)
{
    /// <summary>What a name takes besides its bytes, in bytes: about two objects, and its places in the tables.</summary>
    public const int NameBytes = 128;

    /// <summary>A connection's objects, in bytes, but for its counters.</summary>
    private const int ConnectionBytes = 12 << 10;

    /// <summary>Kinds of counters for each command.</summary>
    private const int CountersOfCommand = 6;

    public long Total => Query + QueryFree + Arguments + Queued + ReplyRoom + OutputRoom + Names + Base;

    /// <summary>Looks at a client of any connection.</summary>
    public static ClientMemory Of(ClientSession client)
    {
        ClientTransaction? transaction = client.Transaction;
        long names = (transaction?.WatchedBytes ?? 0) + (client.Subscriptions?.Bytes ?? 0);
        foreach (byte[] prefix in client.Tracking.Prefixes) names += prefix.Length + NameBytes;
        ConnectionBuffers? buffers = client.Buffers;
        return new(
            buffers?.QueryBytes ?? 0, buffers?.QueryFreeBytes ?? 0, buffers?.ArgumentBytes ?? 0, transaction?.Bytes ?? 0,
            buffers?.ReplyBytes ?? 0, buffers?.ReplyRoomBytes ?? 0, client.OutputBytes, client.OutboxRoomBytes + client.UnsentBytes, names,
            ConnectionBytes + ((long)client.Counters.Calls.Length * CountersOfCommand * sizeof(long)));
    }
}
