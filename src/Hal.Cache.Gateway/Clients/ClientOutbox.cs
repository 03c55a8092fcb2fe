using System.Buffers;
using Hal.Cache.Gateway.PubSub;

namespace Hal.Cache.Gateway.Clients;

/// <summary>Messages for a connection from other threads, within the limits of output: a client that does not read them in time is cut. Thread-safe.</summary>
internal sealed class ClientOutbox(OutputLimits limits)
{
    /// <summary>Buffers beyond this many bytes are let go of when they were sent.</summary>
    private const int KeptBytesMax = 64 << 10;

    private readonly Lock gate = new();
    private ArrayBufferWriter<byte> waiting = new();
    private ArrayBufferWriter<byte> taken = new();
    private long softSince;

    public bool IsEmpty
    {
        get
        {
            lock (gate)
                return waiting.WrittenCount == 0;
        }
    }

    /// <summary>Bytes that its buffers hold room for.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
                return (long)waiting.Capacity + taken.Capacity;
        }
    }

    /// <summary>False where the message does not fit in any more, or too much has waited for too long. One for a listener that has ended is left out.</summary>
    public bool TryAdd(ReadOnlySpan<byte> message, Listener? listener)
    {
        lock (gate)
        {
            if (listener is { IsOver: true })
                return true;
            if (!limits.Permits((long)waiting.WrittenCount + message.Length, ref softSince))
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
            if (taken.Capacity > KeptBytesMax)
                taken = new();
            (waiting, taken) = (taken, waiting);
            waiting.ResetWrittenCount();
            softSince = 0;
            return taken.WrittenMemory;
        }
    }
}
