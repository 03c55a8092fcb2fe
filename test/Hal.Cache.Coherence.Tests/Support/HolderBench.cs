using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Coherence.Tests.Support;

/// <summary>A holder under test with what it said; a tick is a millisecond.</summary>
internal sealed class HolderBench : ICopyHolderOutput, ISessionCounter
{
    public const ulong Instance = 11;
    public const uint Epoch = 3;

    private uint sessions;

    public HolderBench(CoherenceOptions? options = null)
    {
        Options = options ?? new CoherenceOptions();
        Holder = new CopyHolder(Options, 1000, Instance, Epoch, this, Copies, this, Now);
    }

    public CoherenceOptions Options { get; }

    public CopyHolder Holder { get; }

    public MemoryCopies Copies { get; } = new();

    public long Now { get; set; } = 1000;

    public ObjectKey Key { get; } = TestKeys.Key("k", 7);

    public List<CoherenceMessage> Sent { get; } = [];

    public List<uint> Fetches { get; } = [];

    public List<(long Waiter, long Version)> Answers { get; } = [];

    public List<(long Waiter, ReadFailure Failure)> Failures { get; } = [];

    public uint Next() => ++sessions;

    public void Send(CoherenceMessage message) => Sent.Add(message);

    public void Fetch(uint flight, AcquireAnswer answer) => Fetches.Add(flight);

    public void Answer(long waiter, in ObjectKey key, long version) => Answers.Add((waiter, version));

    public void Fail(long waiter, in ObjectKey key, ReadFailure failure) => Failures.Add((waiter, failure));

    /// <summary>A session that the authority has accepted.</summary>
    public HolderBench Connect()
    {
        Holder.Connect(Now);
        Receive(new HelloOk(Instance, Holder.Session, Epoch));
        return this;
    }

    public void Receive(CoherenceMessage message) => Holder.Receive(message, Now);

    /// <summary>Opens a flight for the key and sends it; its stamp.</summary>
    public uint Read(long waiter = 1, ObjectKey? key = null)
    {
        Assert.Equal(ReadStart.Opened, Holder.Read(key ?? Key, 0, waiter, Now));
        Holder.Flush(Now);
        return Sent.OfType<Acquire>().Last().Items[^1].Flight;
    }

    public void AcquireOk(uint flight, long version, AcquireStatus status = AcquireStatus.Found, ObjectKey? key = null) =>
        Receive(new AcquireOk(Instance, Holder.Session, Epoch, [new AcquireAnswer(key ?? Key, flight, version, status)]));

    /// <summary>A servable copy of the key at a version.</summary>
    public uint Hold(long version, ObjectKey? key = null)
    {
        var flight = Read(key: key);
        AcquireOk(flight, version, key: key);
        Assert.True(Holder.Complete(flight));
        return flight;
    }

    public void Invalidate(long version, uint number = 1, KeyId? key = null) =>
        Receive(new Invalidate(Instance, Holder.Session, Epoch, number, [new KeyVersion(key ?? Key.Id, version)], false));

    public bool IsServable(ObjectKey? key = null) => Copies.TryGet(key ?? Key) is { } copy && Holder.IsServable(copy.Registration, Now);

    public void Advance(long milliseconds)
    {
        Now += milliseconds;
        Holder.Tick(Now);
    }

    public T[] SentOf<T>() => Sent.OfType<T>().ToArray();
}
