using System.Buffers;
using Hal.Cache.Gateway.PubSub;

namespace Hal.Cache.Gateway.Clients;

/// <summary>Messages for a connection from other threads, within the limits of output: a client that does not read them in time is cut. Thread-safe.</summary>
internal sealed class ClientOutbox(OutputLimits limits)
{
    /// <summary>Buffers beyond this many bytes are let go of when they were sent.</summary>
    public const int KeptBytesMax = 64 << 10;

    private readonly Lock gate = new();
    private ArrayBufferWriter<byte> waiting = new();
    private ArrayBufferWriter<byte> taken = new();
    private long softSince;
    private bool isHeld;

    public bool IsEmpty
    {
        get
        {
            lock (gate)
                return waiting.WrittenCount == 0;
        }
    }

    /// <summary>Bytes that its buffers hold room for.</summary>
    public long RoomBytes
    {
        get
        {
            lock (gate)
                return (long)waiting.Capacity + taken.Capacity;
        }
    }

    /// <summary>Bytes of messages that wait.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
                return waiting.WrittenCount;
        }
    }

    /// <summary>False where the message does not fit in any more, or too much has waited for too long; one for a listener that has ended is left out.</summary>
    public bool TryAdd(ReadOnlySpan<byte> message, Listener listener)
    {
        lock (gate)
        {
            return listener.IsOver || TryWrite(message, listener.Client);
        }
    }

    /// <summary>The same for a message in the form which its client takes now: that changes under the same lock.</summary>
    public bool TryAdd(IClientMessage message, ClientSession client, Listener? listener)
    {
        lock (gate)
        {
            return listener is { IsOver: true } || TryWrite(message.For(client), client);
        }
    }

    /// <summary>What is waiting, valid until the next call; for the connection alone.</summary>
    public ReadOnlyMemory<byte> Take() => Take(static () => { });

    /// <summary>The same, and changes what the client takes: what comes later is in the new form.</summary>
    public ReadOnlyMemory<byte> Take(Action change)
    {
        lock (gate)
        {
            change();
            if (taken.Capacity > KeptBytesMax)
                taken = new();
            (waiting, taken) = (taken, waiting);
            waiting.ResetWrittenCount();
            softSince = 0;
            return taken.WrittenMemory;
        }
    }

    /// <summary>What is waiting, or nothing while it is held.</summary>
    public ReadOnlyMemory<byte> TakeUnlessHeld()
    {
        lock (gate)
            return isHeld ? default : Take();
    }

    /// <summary>Messages wait for the reply from now on, as the command is about to read what they may be about.</summary>
    public void Hold() => SetHeld(true);

    /// <summary>They need not any more.</summary>
    public void Release() => SetHeld(false);

    private void SetHeld(bool value)
    {
        lock (gate)
            isHeld = value;
    }

    private bool TryWrite(ReadOnlySpan<byte> message, ClientSession client)
    {
        if (message.IsEmpty)
            return true;
        if (!limits.PermitsMessages(client, client.UnsentBytes + waiting.WrittenCount + message.Length, ref softSince))
            return false;
        waiting.Write(message);
        return true;
    }
}
