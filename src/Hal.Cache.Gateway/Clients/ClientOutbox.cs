using System.Buffers;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// Messages for a connection from other threads, at most <see cref="GatewayLimits.OutboxBytesMax"/> bytes of them: a client that does not
/// read them in time is cut. Thread-safe.
/// </summary>
internal sealed class ClientOutbox
{
    private readonly Lock gate = new();
    private ArrayBufferWriter<byte> waiting = new();
    private ArrayBufferWriter<byte> taken = new();

    public bool IsEmpty
    {
        get
        {
            lock (gate)
                return waiting.WrittenCount == 0;
        }
    }

    /// <summary>False where the message does not fit in any more.</summary>
    public bool TryAdd(ReadOnlySpan<byte> message)
    {
        lock (gate)
        {
            if (waiting.WrittenCount + message.Length > GatewayLimits.OutboxBytesMax)
                return false;
            waiting.Write(message);
            return true;
        }
    }

    /// <summary>What is waiting, valid until the next call; for the connection alone.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        lock (gate)
        {
            (waiting, taken) = (taken, waiting);
            waiting.ResetWrittenCount();
            return taken.WrittenMemory;
        }
    }
}
