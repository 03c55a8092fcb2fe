namespace Hal.Cache.Gateway.Clients;

/// <summary>What a connection's buffers hold, for any thread: plain reads of what the connection keeps anyway, so that no command pays for it and an answer may be a moment old.</summary>
internal sealed class ConnectionBuffers(CommandContext context, CarryBuffer carry, ReplySender sender)
{
    /// <summary>Bytes of requests that have come and not been run: of one that is not complete, and of those behind replies that the client does not take.</summary>
    public long QueryBytes => sender.AheadBytes + (context.Client.IsWaiting ? 0 : carry.Length);

    /// <summary>Bytes that the buffer of an incomplete request has room for beyond what has come.</summary>
    public long QueryFreeBytes => Math.Max(0, carry.Capacity - carry.Length);

    /// <summary>Bytes of the command that waits, and of arguments that are streamed into the store for it.</summary>
    public long ArgumentBytes => context.StreamedBytes + (context.Client.IsWaiting ? context.Parser.Consumed : 0);

    /// <summary>Bytes of replies that are not handed over.</summary>
    public long ReplyBytes => context.Reply.Length;

    /// <summary>Bytes that there is room for in replies.</summary>
    public long ReplyRoomBytes => context.Reply.Capacity;

    /// <summary>Bytes of replies that were handed over, and that the client has not taken.</summary>
    public long UnsentBytes => sender.UnsentBytes;
}
