using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Coherence.Tests.Support;

/// <summary>An authority under test with what it said; a tick is a millisecond.</summary>
internal sealed class AuthorityBench : IAuthorityOutput
{
    public const long TicksPerSecond = 1000;
    public const ulong One = 11;
    public const ulong Two = 22;

    public AuthorityBench(CoherenceOptions? options = null, uint epoch = 1, IReadOnlyCollection<ulong>? grace = null, bool anyGrace = false)
    {
        Authority = new Authority(options ?? new CoherenceOptions(), TicksPerSecond, epoch, anyGrace ? null : grace ?? [], this, Now);
    }

    public Authority Authority { get; }

    public long Now { get; set; } = 1000;

    public List<CoherenceMessage> Sent { get; } = [];

    public List<(long Ticket, bool Registered)> PublishedTickets { get; } = [];

    public List<long> ReleasedTokens { get; } = [];

    public int Barriers { get; private set; }

    public KeyId Key { get; } = new(7, 0);

    public void Send(CoherenceMessage message) => Sent.Add(message);

    public void Published(long ticket, bool writerRegistered) => PublishedTickets.Add((ticket, writerRegistered));

    public void Released(long token) => ReleasedTokens.Add(token);

    public void BarrierWanted() => Barriers++;

    public AuthorityBench Hello(ulong instance, uint session = 1)
    {
        Receive(new Hello(instance, session, Authority.Epoch));
        if (Barriers > 0)
        {
            Barriers = 0;
            Authority.Barrier(0);
            PublishedTickets.Clear(); // the barrier's own
        }

        return this;
    }

    public void Receive(CoherenceMessage message) => Authority.Receive(message, Now);

    public AcquireResult Register(ulong instance, uint flight = 1, uint session = 1, KeyId? key = null, long token = 0) =>
        Authority.Register(instance, session, Authority.Epoch, key ?? Key, flight, token);

    public ChangeResult Change(long version, long position = 0, WriterMark? writer = null, KeyId? key = null) =>
        Authority.Changed(key ?? Key, version, position, writer, Now);

    public void Ack(ulong instance, uint number = 1, uint session = 1) => Receive(new Ack(instance, session, Authority.Epoch, [number]));

    public void Renew(ulong instance, uint number, uint handled = 0, uint session = 1) =>
        Receive(new Renew(instance, session, Authority.Epoch, number, handled));

    public void Advance(long milliseconds)
    {
        Now += milliseconds;
        Authority.Tick(Now);
    }

    public T[] SentOf<T>() => Sent.OfType<T>().ToArray();
}
