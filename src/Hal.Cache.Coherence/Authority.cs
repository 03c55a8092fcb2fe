using Hal.Cache.Coherence.Directory;
using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Coherence;

/// <summary>
/// The authority's side of strict coherence: sessions, the directory of holders, and the rounds that keep a change unread until every
/// old copy is gone and the log has it. Not thread-safe: its host serialises access; times are ticks of one monotonic clock.
/// </summary>
public sealed class Authority
{
    private const int ForgetMax = 16;

    private readonly CoherenceOptions options;
    private readonly IAuthorityOutput output;
    private readonly Dictionary<ulong, Session> sessions = [];
    private readonly SessionSlots slots = new();
    private readonly HolderDirectory directory = new();
    private readonly RoundTable rounds;
    private readonly Grace grace;
    private readonly List<ushort> taken = [];
    private readonly long leaseTicks;
    private readonly long invalidateTicks;
    private readonly int keysHardMax;
    private Round? barrier;
    private long earliestTimer = long.MaxValue;
    private int held;
    private Round? opening;
    private bool registered;
    private volatile bool idle;
    private volatile bool hasRounds;

    /// <summary>
    /// Starts an epoch, which must be durable and above all earlier ones. <paramref name="mayHoldLeases"/>: the instances that had a
    /// session in an earlier epoch; null where that is unknown, so that all are waited for; empty where there was none.
    /// </summary>
    public Authority(CoherenceOptions options, long ticksPerSecond, uint epoch, IReadOnlyCollection<ulong>? mayHoldLeases, IAuthorityOutput output, long now)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.options, this.output, Epoch) = (options, output, epoch);
        leaseTicks = Ticks.Of(options.AuthorityLeaseDuration, ticksPerSecond);
        invalidateTicks = Ticks.Of(options.InvalidateTimeout, ticksPerSecond);
        keysHardMax = options.DirectoryKeysMax + (options.DirectoryKeysMax >> 3) + 1;
        rounds = new RoundTable { Cleared = OnCleared, Published = OnPublished };
        grace = new Grace(mayHoldLeases, now + leaseTicks);
        if (grace.Waits > 0)
        {
            var recovered = rounds.OpenFloor(position: 0);
            recovered.Blocks += grace.Waits;
            grace.Round = recovered;
            Opened(recovered);
        }

        UpdateIdle();
    }

    public uint Epoch { get; }

    /// <summary>
    /// No session, no grace, nothing unpublished: the host need not tell changes. May be read without the host's lock, but under the lock
    /// of the changed key's shard and after the change; see <see cref="IAuthorityOutput.BarrierWanted"/>.
    /// </summary>
    public bool IsIdle => idle;

    /// <summary>Something is unpublished, so that <see cref="Ticket"/> may be other than 0. May be read as <see cref="IsIdle"/> may.</summary>
    public bool HasRounds => hasRounds;

    public int Sessions => slots.Live;

    public int DirectoryKeys => directory.Count;

    public int DirectoryHolders => directory.Holders;

    /// <summary>Memory of the directory, in bytes.</summary>
    public long DirectoryBytes => directory.Bytes;

    /// <summary>Acquires that wait for rounds.</summary>
    public int Held => held;

    /// <summary>An instance may still have a lease of an earlier epoch.</summary>
    public bool InGrace => grace.Waits > 0;

    /// <summary>Something waits for <see cref="Tick"/>: an answer that may not come, a grace that ends, the directory's upkeep.</summary>
    public bool NeedsTicks => hasRounds || InGrace || slots.NeedsSweep || directory.Count > options.DirectoryKeysMax;

    /// <summary>A1 to A3 and A6: handles what holders send; an <see cref="Acquire"/> goes to the host, which calls <see cref="Register"/> for each item.</summary>
    public void Receive(CoherenceMessage message, long now)
    {
        switch (message)
        {
            case Hello hello: OnHello(hello, now); break;
            case Renew renew: OnRenew(renew, now); break;
            case Ack ack: OnAck(ack); break;
            case Evict evict: OnEvict(evict); break;
            default: throw new ArgumentException($"{message?.GetType().Name} is not for an authority.", nameof(message));
        }

        UpdateIdle();
    }

    /// <summary>
    /// A4, called under the key's shard lock, in which the host has read version and value: makes the session a holder. Where the outcome is
    /// held, <see cref="IAuthorityOutput.Released"/> brings back the token.
    /// </summary>
    public AcquireResult Register(ulong instance, uint session, uint epoch, KeyId key, uint flight, long token)
    {
        if (Live(instance, session, epoch) is not { } holder) return new(AcquireOutcome.Refused, 0);
        var round = rounds.Newest(key);
        if (round is { Cleared: false })
        {
            if (held >= options.HeldMax) return new(AcquireOutcome.Busy, 0);
            held++;
            round.Held.Add(token);
            return new(AcquireOutcome.Held, 0);
        }

        if (holder.Unanswered >= options.UnansweredMax) return new(AcquireOutcome.Busy, 0);
        if (directory.Count >= keysHardMax && !directory.Contains(key)) return new(AcquireOutcome.Busy, 0);
        directory.Add(key, holder.Slot, flight);
        return new(AcquireOutcome.Registered, round?.Ticket ?? 0);
    }

    /// <summary>
    /// A5, called under the key's shard lock once a command has changed the key: invalidates all its holders, the writer too. The version
    /// is readable and the command may be answered when the ticket is published; at once where it is 0.
    /// </summary>
    /// <param name="position">The log's position at which the change is durable; never falls from one change of a key to the next.</param>
    public ChangeResult Changed(KeyId key, long version, long position, WriterMark? writer, long now)
    {
        if (writer is null && position <= rounds.Durable && rounds.Newest(key) is null && !directory.Contains(key)) return default;
        var round = rounds.Open([key], position, writer);
        Invalidate(round, new KeyVersion(key, version), now);
        return Opened(round);
    }

    /// <summary>As <see cref="Changed(KeyId, long, long, WriterMark?, long)"/> for a command that changed several keys, which are published as one step.</summary>
    public ChangeResult Changed(ReadOnlySpan<KeyVersion> changes, long position, long now)
    {
        if (changes.Length == 0) return default;
        if (changes.Length == 1) return Changed(changes[0].Key, changes[0].Version, position, null, now);
        var keys = new KeyId[changes.Length];
        for (var i = 0; i < keys.Length; i++) keys[i] = changes[i].Key;
        var round = rounds.Open(keys, position);
        Invalidate(round, changes, now);
        return Opened(round);
    }

    /// <summary>As <see cref="Changed(KeyId, long, long, WriterMark?, long)"/> for a command that changed all keys, or those of a whole database.</summary>
    public ChangeResult ChangedAll(long position, long now)
    {
        var round = rounds.OpenFloor(position);
        directory.Clear();
        foreach (var session in slots.All)
        {
            round.Blocks++;
            output.Send(new Invalidate(session.Instance, session.Number, Epoch, session.Ask(round, now), [], All: true));
        }

        return Opened(round);
    }

    /// <summary>
    /// Makes an instance a holder of a key that is about to change, whether it has a copy or not, so that the change waits until it has heard
    /// of it; called right before <see cref="Changed(KeyId, long, long, WriterMark?, long)"/>, under the same lock. False where it has no live session.
    /// </summary>
    public bool Include(ulong instance, KeyId key)
    {
        if (sessions.GetValueOrDefault(instance) is not { } session || slots.Find(session.Slot) != session) return false;
        directory.Add(key, session.Slot, stamp: 0);
        return true;
    }

    /// <summary>What the reply of a command that saw the key waits for, 0 for nothing; called under the key's shard lock.</summary>
    public long Ticket(KeyId key) => rounds.Newest(key) is { Forgets: false } round ? round.Ticket : 0;

    /// <summary>All changes up to the log's position are durable, as far as the host promises durability.</summary>
    public void Durable(long position)
    {
        rounds.SetDurable(position);
        UpdateIdle();
    }

    /// <summary>Answers <see cref="IAuthorityOutput.BarrierWanted"/>: changes that were not told lie below this position of the log.</summary>
    public void Barrier(long position)
    {
        if (barrier is not { } waiting) return;
        barrier = null;
        waiting.Position = position;
        rounds.Unblock(waiting);
        UpdateIdle();
    }

    /// <summary>A3, the end of grace, and the directory's upkeep; to be called every few milliseconds while <see cref="NeedsTicks"/>, else many times a lease.</summary>
    public void Tick(long now)
    {
        EndSilent(now);
        Ungrace(grace.Expire(now));
        if (slots.NeedsSweep && directory.SweepPart(slots)) slots.PassEnded();
        for (var i = 0; i < ForgetMax && directory.Count > options.DirectoryKeysMax && directory.TryNextCold(out var cold); i++) Forget(cold, now);
        UpdateIdle();
    }

    private void OnHello(Hello hello, long now)
    {
        if (hello.Epoch != Epoch)
        {
            Refuse(hello.Instance, hello.Session, RefusalReason.Epoch);
            return;
        }

        // A session that ended stays known: an old Hello must not bring it back.
        var known = sessions.GetValueOrDefault(hello.Instance);
        if (known is not null && known.Number >= hello.Session) return;
        if (known is null && sessions.Count >= options.InstancesMax)
        {
            Refuse(hello.Instance, hello.Session, RefusalReason.Busy);
            return;
        }

        var session = new Session(hello.Instance, hello.Session) { TimerEnd = now + leaseTicks };
        if (!slots.TryAdd(session))
        {
            Refuse(hello.Instance, hello.Session, RefusalReason.Busy);
            return;
        }

        if (known is not null) End(known);
        sessions[hello.Instance] = session;
        earliestTimer = Math.Min(earliestTimer, session.TimerEnd);
        if (idle && barrier is null)
        {
            barrier = rounds.OpenFloor(position: 0);
            barrier.Blocks++;
            Opened(barrier);
            idle = false;
            output.BarrierWanted();
        }

        Ungrace(grace.Remove(hello.Instance));
        output.Send(new HelloOk(hello.Instance, hello.Session, Epoch));
    }

    private void OnRenew(Renew renew, long now)
    {
        if (Live(renew.Instance, renew.Session, renew.Epoch) is not { } session) return;
        for (var number = session.OldestUnanswered(); number <= renew.HandledThrough && session.Unanswered > 0; number = session.OldestUnanswered()) Answer(session, number);
        var oldest = session.OldestSentAt();
        if (oldest != long.MaxValue && now - oldest > invalidateTicks) return;
        session.TimerEnd = Math.Max(session.TimerEnd, now + leaseTicks);
        output.Send(new Grant(renew.Instance, renew.Session, Epoch, renew.Number));
    }

    private void OnAck(Ack ack)
    {
        if (Live(ack.Instance, ack.Session, ack.Epoch) is not { } session) return;
        foreach (var number in ack.Numbers) Answer(session, number);
    }

    private void OnEvict(Evict evict)
    {
        if (Live(evict.Instance, evict.Session, evict.Epoch) is not { } session) return;
        foreach (var item in evict.Items) directory.Remove(item.Key, session.Slot, item.Stamp);
    }

    private Session? Live(ulong instance, uint session, uint epoch)
    {
        if (epoch == Epoch && sessions.GetValueOrDefault(instance) is { } known && known.Number == session && slots.Find(known.Slot) == known) return known;
        Refuse(instance, session, epoch == Epoch ? RefusalReason.Session : RefusalReason.Epoch);
        return null;
    }

    private void Refuse(ulong instance, uint session, RefusalReason reason) => output.Send(new SessionRefused(instance, session, Epoch, reason));

    // Renewals only move timers on, so the earliest one of the last look is never too late.
    private void EndSilent(long now)
    {
        if (now < earliestTimer) return;
        foreach (var session in slots.All.Where(s => s.TimerEnd <= now).ToArray()) End(session);
        earliestTimer = slots.All.Select(s => s.TimerEnd).DefaultIfEmpty(long.MaxValue).Min();
    }

    // Its registrations stay in the directory until a sweep finds them; nobody waits for it any more.
    private void End(Session session)
    {
        if (slots.Find(session.Slot) != session) return;
        slots.End(session);
        foreach (var round in session.Rounds()) rounds.Unblock(round);
    }

    private void Answer(Session session, uint number)
    {
        if (session.TryAnswer(number, out var round)) rounds.Unblock(round);
    }

    private void Ungrace(int waits)
    {
        for (; waits > 0; waits--) rounds.Unblock(grace.Round!);
    }

    private void Forget(KeyId key, long now)
    {
        if (rounds.Newest(key) is not null) return;
        var round = rounds.Open([key], position: 0, forgets: true);
        Invalidate(round, new KeyVersion(key, long.MaxValue), now);
        Opened(round);
    }

    private void Invalidate(Round round, KeyVersion change, long now)
    {
        taken.Clear();
        directory.Take(change.Key, taken);
        KeyVersion[]? items = null;
        foreach (var slot in taken)
        {
            if (slots.Find(slot) is not { } session) continue;
            round.Blocks++;
            output.Send(new Invalidate(session.Instance, session.Number, Epoch, session.Ask(round, now), items ??= [change], All: false));
        }
    }

    private void Invalidate(Round round, ReadOnlySpan<KeyVersion> changes, long now)
    {
        var bySession = new SortedDictionary<ushort, List<KeyVersion>>();
        foreach (var change in changes)
        {
            taken.Clear();
            directory.Take(change.Key, taken);
            foreach (var slot in taken)
            {
                if (!slots.IsLive(slot)) continue;
                if (!bySession.TryGetValue(slot, out var items)) bySession.Add(slot, items = []);
                items.Add(change);
            }
        }

        foreach (var (slot, items) in bySession)
        {
            var session = slots.Find(slot)!;
            round.Blocks++;
            output.Send(new Invalidate(session.Instance, session.Number, Epoch, session.Ask(round, now), items, All: false));
        }
    }

    // What is published at once, the caller learns from the result instead of an output that would come before it.
    private ChangeResult Opened(Round round)
    {
        opening = round;
        rounds.Unblock(round);
        opening = null;
        if (round.Published) return new(0, registered);
        hasRounds = true;
        return new(round.Ticket, false);
    }

    private void OnCleared(Round round)
    {
        held -= round.Held.Count;
        foreach (var token in round.Held) output.Released(token);
        round.Held.Clear();
    }

    private void OnPublished(Round round)
    {
        registered = round.Writer is { } writer && rounds.IsNewest(round)
            && sessions.GetValueOrDefault(writer.Instance) is { } session && session.Number == writer.Session && slots.IsLive(session.Slot)
            && directory.Count < keysHardMax;
        if (registered) directory.Add(round.Keys[0], sessions[round.Writer!.Value.Instance].Slot, round.Writer.Value.Flight);
        if (round != opening) output.Published(round.Ticket, registered);
    }

    private void UpdateIdle()
    {
        hasRounds = !rounds.IsEmpty;
        idle = slots.Live == 0 && !hasRounds && grace.Waits == 0 && barrier is null;
    }
}
