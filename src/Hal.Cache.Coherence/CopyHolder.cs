using System.Runtime.CompilerServices;
using Hal.Cache.Coherence.Holding;
using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Coherence;

/// <summary>
/// A holder's side of strict coherence: its session and lease, the flights to the authority, and which copies may be served. Not
/// thread-safe but for <see cref="IsServable"/>: its host serialises access; times are ticks of one monotonic clock.
/// </summary>
public sealed class CopyHolder
{
    /// <summary>Registration of a copy that must be acquired before it serves.</summary>
    public const long Suspect = 0;

    /// <summary>Registration of a copy that is servable for good.</summary>
    public const long Immutable = long.MaxValue;

    private const int StampBits = 32;
    private const int RenewalsPerLease = 3;

    private readonly CoherenceOptions options;
    private readonly ISessionCounter sessions;
    private readonly ICopies copies;
    private readonly ICopyHolderOutput output;
    private readonly FlightTable flights = new();
    private readonly RenewalLog renewals = new();
    private readonly HandledLog handled = new();
    private readonly List<Flight> unsent = [];
    private readonly List<EvictItem> evicted = [];
    private readonly Queue<ObjectKey> negatives = new();
    private readonly long ticksPerSecond;
    private readonly long leaseTicks;
    private readonly long renewTicks;
    private readonly long helloTicks;
    private readonly long resendTicks;
    private readonly long flightTicks;
    private readonly long evictTicks;
    private readonly long staleTicks;

    private SessionState state;
    private uint stamp;
    private long helloSentAt;
    private long renewSentAt;
    private long evictedAt;
    private long flightsSeenAt;

    // Read without a lock; see IsServable for the order.
    private long leaseEnd;
    private long servableAbove;

    /// <param name="epoch">The last epoch known of the authority, 0 for none.</param>
    public CopyHolder(
        CoherenceOptions options, long ticksPerSecond, ulong instance, uint epoch, ISessionCounter sessions, ICopies copies, ICopyHolderOutput output, long now)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.options, this.sessions, this.copies, this.output, this.ticksPerSecond) = (options, sessions, copies, output, ticksPerSecond);
        (Instance, Epoch) = (instance, epoch);
        leaseTicks = Ticks.Of(options.LeaseDuration, ticksPerSecond);
        renewTicks = leaseTicks / RenewalsPerLease;
        helloTicks = Ticks.Of(options.HelloTimeout, ticksPerSecond);
        resendTicks = Ticks.Of(options.ResendAfter, ticksPerSecond);
        flightTicks = Ticks.Of(options.FlightTimeout, ticksPerSecond);
        evictTicks = Ticks.Of(options.EvictDelay, ticksPerSecond);
        staleTicks = options.Mode == CoherenceMode.Available ? Ticks.Of(options.MaxStale, ticksPerSecond) : 0;
        leaseEnd = now;
        servableAbove = long.MaxValue - 1;
    }

    public ulong Instance { get; }

    public uint Session { get; private set; }

    public uint Epoch { get; private set; }

    /// <summary>The session has begun at the authority, as far as this side knows.</summary>
    public bool IsConnected => state == SessionState.Live;

    public int Flights => flights.Count;

    /// <summary>
    /// L1: a copy with this registration may be served. Call it after the copy was taken, with a time read after that too: then the copy
    /// was valid at an instant within the read. Any thread, no lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsServable(long registration, long now)
    {
        // The lease is read first: whoever sees the lease of a new session sees its floor as well, so no copy of an old session passes.
        var end = Volatile.Read(ref leaseEnd);
        if (now < end) return registration > Volatile.Read(ref servableAbove);
        return registration == Immutable || (registration != Suspect && now - end < staleTicks);
    }

    /// <summary>The lease runs, so that mutable copies can be served at all.</summary>
    public bool LeaseRuns(long now) => now < Volatile.Read(ref leaseEnd);

    /// <summary>L7: begins a session, at the start and after a connection was made anew.</summary>
    public void Connect(long now)
    {
        Lapse(now);
        helloSentAt = now; // also where no number can be kept: the next try comes a while later
        Session = sessions.Next();
        stamp = 0;
        Volatile.Write(ref servableAbove, (long)Session << StampBits);
        renewals.Clear();
        handled.Clear();
        evicted.Clear();
        unsent.Clear();
        foreach (var flight in flights.TakeAll())
        {
            if (flight.IsWrite) continue; // its session is over: no copy comes of it
            flight.Restart();
            Stamp(flight);
        }

        state = SessionState.Greeting;
        output.Send(new Hello(Instance, Session, Epoch));
    }

    /// <summary>L7: the connection was lost; the lease ends, and the next session begins with <see cref="Connect"/>.</summary>
    public void Disconnect(long now)
    {
        Lapse(now);
        Volatile.Write(ref servableAbove, long.MaxValue - 1);
        state = SessionState.Idle;
    }

    /// <summary>L2, L4, L6, L7: handles what the authority sends; what is not of this session and epoch is ignored.</summary>
    public void Receive(CoherenceMessage message, long now)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.Instance != Instance || message.Session != Session || state == SessionState.Idle) return;
        if (message is SessionRefused refused)
        {
            OnRefused(refused, now);
            return;
        }

        if (message.Epoch != Epoch) return;
        switch (message)
        {
            case HelloOk: OnHelloOk(now); break;
            case Grant grant: OnGrant(grant); break;
            case AcquireOk ok: OnAcquireOk(ok); break;
            case Invalidate invalidate: OnInvalidate(invalidate); break;
            case WriteOk write: EndWrite(HandleOf(write.Flight), write.Version, write.Registered); break;
            default: throw new ArgumentException($"{message.GetType().Name} is not for a holder.", nameof(message));
        }
    }

    /// <summary>
    /// L1, once a read found no servable copy: it joins a flight or opens one; <see cref="ICopyHolderOutput"/> answers the waiter. What was
    /// opened goes out with <see cref="Flush"/>.
    /// </summary>
    public ReadStart Read(in ObjectKey key, long versionHad, long waiter, long now)
    {
        foreach (var open in flights.Of(key.Id))
        {
            if (open.IsWrite || open.Key != key || !MayJoin(open, now)) continue;
            if (open.Waiters.Count >= options.WaitersMax) return ReadStart.Busy;
            open.Waiters.Add(waiter);
            return ReadStart.Joined;
        }

        if (flights.Count >= options.FlightsMax) return ReadStart.Busy;
        var flight = new Flight(key, isWrite: false, now) { VersionHad = versionHad };
        flight.Waiters.Add(waiter);
        Stamp(flight);
        return ReadStart.Opened;
    }

    /// <summary>
    /// L3: the bytes of the answer's version are there. Stores the copy, valid where nothing came between, and answers the readers; false
    /// where the flight is not open any more.
    /// </summary>
    public bool Complete(long flight)
    {
        if (Find(flight) is not { IsWrite: false, Answer: { } answer } done) return false;
        flights.Remove(done);
        Store(done, answer.Version, answer.Status == AcquireStatus.Absent, answer.Immutable);
        foreach (var waiter in done.Waiters) output.Answer(waiter, done.Key, answer.Version);
        return true;
    }

    /// <summary>No source has the version that the flight was told: asks anew, for the readers that wait.</summary>
    public bool Reopen(long flight)
    {
        if (Find(flight) is not { IsWrite: false } open) return false;
        flights.Remove(open);
        open.Restart();
        open.VersionHad = 0;
        Stamp(open);
        return true;
    }

    /// <summary>Gives a read's flight up and tells its readers.</summary>
    public bool Abandon(long flight, ReadFailure failure)
    {
        if (Find(flight) is not { IsWrite: false } open) return false;
        Fail(open, failure);
        return true;
    }

    /// <summary>
    /// Opens a flight for a forwarded write of one key whose result this instance wants to keep; 0 where none can be opened, and then the
    /// write goes without. Its low 32 bits are the flight that the message names.
    /// </summary>
    public long BeginWrite(in ObjectKey key, long now)
    {
        if (state != SessionState.Live || flights.Count >= options.FlightsMax) return 0;
        var flight = new Flight(key, isWrite: true, now) { Stamp = ++stamp };
        flights.Add(flight);
        return HandleOf(flight.Stamp);
    }

    /// <summary>L8: the write is published as a version; its copy is stored, valid where this instance was registered and nothing came between.</summary>
    public bool EndWrite(long flight, long version, bool registered)
    {
        if (Find(flight) is not { IsWrite: true } done) return false;
        flights.Remove(done);
        if (registered) Store(done, version, absent: false, immutable: false);
        return true;
    }

    /// <summary>L5: the store gave up a copy; told late is no harm.</summary>
    public void Evicted(KeyId key, long registration, long now)
    {
        if (registration == Immutable || registration <= servableAbove) return;
        if (copies.HasAny(key, servableAbove)) return; // the registration serves a later copy, or one of a key of equal hash
        flights.Poison(key, long.MaxValue);
        if (evicted.Count == 0) evictedAt = now;
        evicted.Add(new EvictItem(key, (uint)registration));
        if (evicted.Count >= options.BatchMax) SendEvicted();
    }

    /// <summary>Sends what <see cref="Read"/> has opened, in batches.</summary>
    public void Flush(long now)
    {
        if (state != SessionState.Live || unsent.Count == 0) return;
        var batch = new List<AcquireItem>(Math.Min(unsent.Count, options.BatchMax));
        var bytes = 0;
        foreach (var flight in unsent)
        {
            if (!flight.Queued) continue;
            if (batch.Count > 0 && (batch.Count == options.BatchMax || bytes + flight.Key.Bytes.Length > options.BatchKeyBytesMax)) SendAcquire();
            flight.Sent(now);
            batch.Add(new AcquireItem(flight.Key, flight.Stamp, flight.VersionHad));
            bytes += flight.Key.Bytes.Length;
        }

        if (batch.Count > 0) SendAcquire();
        unsent.Clear();

        void SendAcquire()
        {
            output.Send(new Acquire(Instance, Session, Epoch, batch));
            batch = [];
            bytes = 0;
        }
    }

    /// <summary>Asks for the next lease before it is due, as before a pause that is foreseen.</summary>
    public void Renew(long now)
    {
        if (state != SessionState.Live) return;
        renewSentAt = now;
        output.Send(new Renew(Instance, Session, Epoch, renewals.Add(now), handled.Through));
    }

    /// <summary>Renewals, repeats, time limits; to be called many times a lease.</summary>
    public void Tick(long now)
    {
        if (state == SessionState.Greeting && now - helloSentAt >= helloTicks) Connect(now);
        if (now - renewSentAt >= renewTicks) Renew(now);
        if (now - flightsSeenAt >= Math.Min(resendTicks, flightTicks) / 4) SeeFlights(now);
        if (evicted.Count > 0 && now - evictedAt >= evictTicks) SendEvicted();
        Flush(now);
    }

    private void OnHelloOk(long now)
    {
        if (state != SessionState.Greeting) return;
        state = SessionState.Live;
        renewSentAt = now;
        Volatile.Write(ref leaseEnd, helloSentAt + leaseTicks);
        Flush(now);
    }

    private void OnGrant(Grant grant)
    {
        if (state != SessionState.Live || renewals.SentAt(grant.Number) is not { } sentAt) return;
        Volatile.Write(ref leaseEnd, Math.Max(leaseEnd, sentAt + leaseTicks));
    }

    private void OnRefused(SessionRefused refused, long now)
    {
        Epoch = refused.Epoch;
        if (refused.Reason != RefusalReason.Busy) Connect(now);
    }

    private void OnAcquireOk(AcquireOk ok)
    {
        foreach (var answer in ok.Items)
        {
            if (flights.Find(answer.Flight) is not { IsWrite: false, Answer: null, SentAt: { } sentAt } flight || flight.Key != answer.Key) continue;
            if (answer.Status == AcquireStatus.Busy)
            {
                Fail(flight, ReadFailure.Busy);
                continue;
            }

            // Its own clock may be slow: the time left is shortened by the clocks' error at both ends.
            if (answer.TimeToLive is { } left)
                flight.ExpiresAt = sentAt + (long)(Ticks.Of(left, ticksPerSecond) * (1 - options.ClockRateError) / (1 + options.ClockRateError));
            flight.Answer = answer;
            output.Fetch(HandleOf(flight.Stamp), answer);
        }
    }

    private void OnInvalidate(Invalidate invalidate)
    {
        if (invalidate.All)
        {
            Volatile.Write(ref servableAbove, HandleOf(stamp));
            flights.PoisonAll();
            copies.InvalidateAll();
        }

        foreach (var item in invalidate.Items)
        {
            copies.Invalidate(item.Key, item.Version);
            flights.Poison(item.Key, item.Version);
        }

        handled.Add(invalidate.Number);
        output.Send(new Ack(Instance, Session, Epoch, [invalidate.Number]));
    }

    // A flight not sent yet may be joined by all: what it asks for is read later. One that is sent only while the lease runs and it is not
    // poisoned: otherwise its answer may be older than what was acknowledged before this read began.
    private bool MayJoin(Flight open, long now) => open.SentAt is null || (LeaseRuns(now) && open.Poison == 0);

    private void Store(Flight flight, long version, bool absent, bool immutable)
    {
        var registration = immutable ? Immutable : flight.Poison <= version ? HandleOf(flight.Stamp) : Suspect;
        if (registration <= servableAbove) registration = Suspect;
        if (copies.TryGet(flight.Key) is { } had && had.Registration > servableAbove)
        {
            if (registration == Suspect || had.Version > version) return;
            if (had.Version == version) registration = Math.Max(registration, had.Registration);
        }

        copies.Put(flight.Key, HandleOf(flight.Stamp), new CopyUpdate(version, registration, flight.ExpiresAt, absent));
        if (!absent) return;
        negatives.Enqueue(flight.Key);
        if (negatives.Count > options.NegativeCopiesMax) DropNegative(negatives.Dequeue());
    }

    // Where the key has come to exist meanwhile, its copy is none of these.
    private void DropNegative(ObjectKey key)
    {
        if (copies.TryGet(key) is not { Absent: true } copy) return;
        copies.Invalidate(key.Id, long.MaxValue);
        Evicted(key.Id, copy.Registration, evictedAt);
    }

    // Stamps begin anew with each session; what the host is given must not be taken for a flight of a later one.
    private long HandleOf(uint number) => ((long)Session << StampBits) | number;

    private Flight? Find(long handle) => handle >> StampBits == Session ? flights.Find((uint)handle) : null;

    private void Stamp(Flight flight)
    {
        flight.Stamp = ++stamp;
        flights.Add(flight);
        Queue(flight);
    }

    private void Queue(Flight flight)
    {
        flight.Queued = true;
        unsent.Add(flight);
    }

    private void Lapse(long now) => Volatile.Write(ref leaseEnd, Math.Min(leaseEnd, now));

    private void Fail(Flight flight, ReadFailure failure)
    {
        flights.Remove(flight);
        flight.Queued = false;
        foreach (var waiter in flight.Waiters) output.Fail(waiter, flight.Key, failure);
    }

    private void SeeFlights(long now)
    {
        flightsSeenAt = now;
        if (stamp > uint.MaxValue >> 1 && state == SessionState.Live)
        {
            Connect(now); // long before the stamps of a session run out
            return;
        }

        unsent.RemoveAll(f => !f.Queued); // those that failed while there was no session
        foreach (var flight in flights.All.ToArray())
        {
            if (flight.IsWrite)
            {
                if (now - flight.OpenedAt >= flightTicks) flights.Remove(flight);
            }
            else if (flight.Answer is null && now - flight.OpenedAt >= flightTicks)
            {
                Fail(flight, ReadFailure.CutOff);
            }
            else if (flight is { Answer: null, Queued: false } && now - flight.LastSentAt >= resendTicks)
            {
                Queue(flight);
            }
        }
    }

    private void SendEvicted()
    {
        foreach (var batch in evicted.Chunk(options.BatchMax)) output.Send(new Evict(Instance, Session, Epoch, batch));
        evicted.Clear();
    }
}
