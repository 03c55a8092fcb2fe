using System.Diagnostics;
using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// Coherence messages as frames: a byte that says which, then instance, session and epoch, then the message's own fields. The numbers of
/// messages are part of the peer protocol and never change; what follows a message's fields is passed over, so that fields may be added at the end.
/// </summary>
internal static class MessageCodec
{
    private const int KeyIdBytes = 10;

    private enum Kind : byte
    {
        Hello = 1,
        HelloOk = 2,
        SessionRefused = 3,
        Renew = 4,
        Grant = 5,
        Acquire = 6,
        AcquireOk = 7,
        Invalidate = 8,
        Ack = 9,
        Evict = 10,
        WriteOk = 11,
    }

    /// <summary>Writes one message over what the writer had.</summary>
    public static void Write(CoherenceMessage message, FrameWriter to)
    {
        to.Clear();
        to.Byte((byte)KindOf(message));
        to.UInt64(message.Instance);
        to.UInt32(message.Session);
        to.UInt32(message.Epoch);
        switch (message)
        {
            case SessionRefused refused: to.Byte((byte)refused.Reason); break;
            case Renew renew: to.UInt32(renew.Number); to.UInt32(renew.HandledThrough); break;
            case Grant grant: to.UInt32(grant.Number); break;
            case Acquire acquire: Write(acquire, to); break;
            case AcquireOk ok: Write(ok, to); break;
            case Invalidate invalidate: Write(invalidate, to); break;
            case Ack ack: Write(ack, to); break;
            case Evict evict: Write(evict, to); break;
            case WriteOk write: to.UInt64(write.Request); to.UInt32(write.Flight); to.Int64(write.Version); to.Byte(write.Registered ? (byte)1 : (byte)0); break;
        }
    }

    /// <summary>Reads one message; throws <see cref="InvalidDataException"/> for what is none.</summary>
    public static CoherenceMessage Read(ReadOnlySpan<byte> frame)
    {
        var from = new FrameReader(frame);
        var kind = (Kind)from.Byte();
        ulong instance = from.UInt64();
        uint session = from.UInt32();
        uint epoch = from.UInt32();
        return kind switch
        {
            Kind.Hello => new Hello(instance, session, epoch),
            Kind.HelloOk => new HelloOk(instance, session, epoch),
            Kind.SessionRefused => new SessionRefused(instance, session, epoch, (RefusalReason)from.Byte()),
            Kind.Renew => new Renew(instance, session, epoch, from.UInt32(), from.UInt32()),
            Kind.Grant => new Grant(instance, session, epoch, from.UInt32()),
            Kind.Acquire => ReadAcquire(instance, session, epoch, ref from),
            Kind.AcquireOk => new AcquireOk(instance, session, epoch, ReadAnswers(ref from)),
            Kind.Invalidate => ReadInvalidate(instance, session, epoch, ref from),
            Kind.Ack => new Ack(instance, session, epoch, ReadNumbers(ref from)),
            Kind.Evict => new Evict(instance, session, epoch, ReadEvicted(ref from)),
            Kind.WriteOk => new WriteOk(instance, session, epoch, from.UInt64(), from.UInt32(), from.Int64(), from.Byte() != 0),
            _ => throw new InvalidDataException($"A frame has the unknown kind {(byte)kind}."),
        };
    }

    private static Kind KindOf(CoherenceMessage message) => message switch
    {
        Hello => Kind.Hello,
        HelloOk => Kind.HelloOk,
        SessionRefused => Kind.SessionRefused,
        Renew => Kind.Renew,
        Grant => Kind.Grant,
        Acquire => Kind.Acquire,
        AcquireOk => Kind.AcquireOk,
        Invalidate => Kind.Invalidate,
        Ack => Kind.Ack,
        Evict => Kind.Evict,
        WriteOk => Kind.WriteOk,
        _ => throw new ArgumentException($"{message.GetType().Name} has no frame.", nameof(message)),
    };

    private static void Write(Acquire acquire, FrameWriter to)
    {
        to.UInt32((uint)acquire.Items.Count);
        foreach (AcquireItem item in acquire.Items)
        {
            Write(item.Key, to);
            to.UInt32(item.Flight);
            to.Int64(item.VersionHad);
        }

        if (acquire.Traces.Count == acquire.Items.Count)
            WriteTraces(acquire.Traces, to);
    }

    // Behind what the first version of the protocol reads, which passes over it: the items that are traced, by number.
    private static void WriteTraces(IReadOnlyList<ActivityContext> traces, FrameWriter to)
    {
        Span<byte> trace = stackalloc byte[TraceFrame.Bytes];
        for (int item = 0; item < traces.Count; item++)
        {
            if (traces[item].TraceId == default)
                continue;
            TraceFrame.Write(traces[item], trace);
            to.UInt32((uint)item);
            to.Bytes(trace);
        }
    }

    // What is not understood here is passed over as well.
    private static ActivityContext[] ReadTraces(int items, ref FrameReader from)
    {
        ActivityContext[] traces = [];
        while (from.Remaining > sizeof(uint))
        {
            uint item = from.UInt32();
            if (!from.TryBytes(out ReadOnlySpan<byte> trace) || item >= (uint)items || trace.Length != TraceFrame.Bytes)
                break;
            if (traces.Length == 0)
                traces = new ActivityContext[items];
            traces[item] = TraceFrame.Read(trace);
        }

        return traces;
    }

    private static Acquire ReadAcquire(ulong instance, uint session, uint epoch, ref FrameReader from)
    {
        var items = new AcquireItem[from.Count(KeyIdBytes + sizeof(uint) + sizeof(uint) + sizeof(long))];
        for (int i = 0; i < items.Length; i++)
            items[i] = new(ReadKey(ref from), from.UInt32(), from.Int64());
        return new Acquire(instance, session, epoch, items) { Traces = ReadTraces(items.Length, ref from) };
    }

    private static void Write(AcquireOk ok, FrameWriter to)
    {
        to.UInt32((uint)ok.Items.Count);
        foreach (AcquireAnswer answer in ok.Items)
        {
            Write(answer.Key, to);
            to.UInt32(answer.Flight);
            to.Int64(answer.Version);
            to.Byte((byte)answer.Status);
            to.Int64(answer.Size);
            to.UInt64(answer.Checksum);
            to.Int64(answer.TimeToLive?.Ticks ?? -1);
            to.Byte(answer.Immutable ? (byte)1 : (byte)0);
            to.UInt16((ushort)answer.Holders.Count);
            foreach (ulong holder in answer.Holders)
                to.UInt64(holder);
            to.Bytes(answer.Payload.Span);
        }
    }

    private static AcquireAnswer[] ReadAnswers(ref FrameReader from)
    {
        var items = new AcquireAnswer[from.Count(KeyIdBytes)];
        for (int i = 0; i < items.Length; i++)
        {
            ObjectKey key = ReadKey(ref from);
            uint flight = from.UInt32();
            long version = from.Int64();
            var status = (AcquireStatus)from.Byte();
            long size = from.Int64();
            ulong checksum = from.UInt64();
            long ticks = from.Int64();
            bool immutable = from.Byte() != 0;
            var holders = new ulong[from.UInt16()];
            for (int h = 0; h < holders.Length; h++)
                holders[h] = from.UInt64();
            items[i] = new(key, flight, version, status)
            {
                Size = size,
                Checksum = checksum,
                TimeToLive = ticks < 0 ? null : TimeSpan.FromTicks(ticks),
                Immutable = immutable,
                Holders = holders,
                Payload = from.Bytes().ToArray(),
            };
        }

        return items;
    }

    private static void Write(Invalidate invalidate, FrameWriter to)
    {
        to.UInt32(invalidate.Number);
        to.Byte(invalidate.All ? (byte)1 : (byte)0);
        to.UInt32((uint)invalidate.Items.Count);
        foreach (KeyVersion item in invalidate.Items)
        {
            Write(item.Key, to);
            to.Int64(item.Version);
        }
    }

    private static Invalidate ReadInvalidate(ulong instance, uint session, uint epoch, ref FrameReader from)
    {
        uint number = from.UInt32();
        bool all = from.Byte() != 0;
        var items = new KeyVersion[from.Count(KeyIdBytes + sizeof(long))];
        for (int i = 0; i < items.Length; i++)
            items[i] = new(ReadId(ref from), from.Int64());
        return new Invalidate(instance, session, epoch, number, items, all);
    }

    private static void Write(Ack ack, FrameWriter to)
    {
        to.UInt32((uint)ack.Numbers.Count);
        foreach (uint number in ack.Numbers)
            to.UInt32(number);
    }

    private static uint[] ReadNumbers(ref FrameReader from)
    {
        var numbers = new uint[from.Count(sizeof(uint))];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = from.UInt32();
        return numbers;
    }

    private static void Write(Evict evict, FrameWriter to)
    {
        to.UInt32((uint)evict.Items.Count);
        foreach (EvictItem item in evict.Items)
        {
            Write(item.Key, to);
            to.UInt32(item.Stamp);
        }
    }

    private static EvictItem[] ReadEvicted(ref FrameReader from)
    {
        var items = new EvictItem[from.Count(KeyIdBytes + sizeof(uint))];
        for (int i = 0; i < items.Length; i++)
            items[i] = new(ReadId(ref from), from.UInt32());
        return items;
    }

    private static void Write(KeyId key, FrameWriter to)
    {
        to.UInt64(key.Hash);
        to.UInt16(key.Database);
    }

    private static KeyId ReadId(ref FrameReader from)
    {
        ulong hash = from.UInt64();
        return new(hash, from.UInt16());
    }

    private static void Write(in ObjectKey key, FrameWriter to)
    {
        Write(key.Id, to);
        to.Bytes(key.Bytes.Span);
    }

    private static ObjectKey ReadKey(ref FrameReader from)
    {
        KeyId id = ReadId(ref from);
        return new(id, from.Bytes().ToArray());
    }
}
