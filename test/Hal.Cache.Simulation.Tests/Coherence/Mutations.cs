using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>Each breaks one rule of the protocol, as an implementation could, at a seam between the classes that ship and their host.</summary>
internal static class Mutations
{
    /// <summary>The holder is registered only some time after the answer was given.</summary>
    internal sealed class RegisterLate : Mutation
    {
        private readonly HashSet<(ulong, uint, uint)> late = [];

        public override bool Acquire(SimRoot root, int from, Acquire message, AcquireItem item)
        {
            if (root.Authority.InGrace || !late.Add((message.Instance, message.Session, item.Flight))) return false;
            root.SendAnswer(from, message, root.Answer(item));
            root.Later(40_000, () => root.Authority.Register(message.Instance, message.Session, message.Epoch, item.Key.Id, item.Flight, long.MinValue));
            return true;
        }
    }

    /// <summary>An invalidation ends the copy but does not poison what is on its way.</summary>
    internal sealed class IgnorePoison : Mutation
    {
        public override object? AtHolder(SimLeaf leaf, object message)
        {
            if (message is not Invalidate invalidate || invalidate.Session != leaf.Holder.Session || invalidate.Instance != leaf.Instance) return message;
            foreach (var item in invalidate.Items) leaf.Invalidate(item.Key, item.Version);
            leaf.Send(new Ack(invalidate.Instance, invalidate.Session, invalidate.Epoch, [invalidate.Number]));
            return null;
        }
    }

    /// <summary>An acquire is answered with what was published before the round that runs.</summary>
    internal sealed class AnswerDuringRound : Mutation
    {
        private readonly Dictionary<int, Stored?> before = [];

        public override void Changing(SimRoot root, int key, Stored? had)
        {
            if (root.Authority.Ticket(root.IdOf(key)) == 0) before[key] = had;
        }

        public override void Held(SimRoot root, int from, Acquire message, AcquireItem item)
        {
            if (root.Authority.InGrace || !before.TryGetValue(SimKeys.Number(item.Key), out var had) || had is null) return;
            root.SendAnswer(from, message, new AcquireAnswer(item.Key, item.Flight, had.Version, AcquireStatus.Found) { Payload = BitConverter.GetBytes(had.Value) });
        }
    }

    /// <summary>A version is readable, and a write answered, before the old copies are gone.</summary>
    internal sealed class VisibleEarly : Mutation
    {
        public override long Gate(long ticket) => 0;
    }

    /// <summary>A write is answered before the log has it.</summary>
    internal sealed class AcknowledgeBeforeFlush : Mutation
    {
        public override bool DurableAtOnce => true;
    }

    /// <summary>A restarted authority does not wait for the leases of the former epoch.</summary>
    internal sealed class NoGrace : Mutation
    {
        public override IReadOnlyCollection<ulong>? Grace(IReadOnlyCollection<ulong>? instances) => [];
    }

    /// <summary>A hello of another epoch is told the epoch, but obeyed as well.</summary>
    internal sealed class HelloWithoutEpoch : Mutation
    {
        public override object AtAuthority(SimRoot root, object message)
        {
            if (message is Hello hello && hello.Epoch != root.Authority.Epoch) root.Authority.Receive(hello with { Epoch = root.Authority.Epoch }, root.Clock.Now);
            return message;
        }
    }

    /// <summary>Invalidations and acknowledgements of any session are taken for those of the present one.</summary>
    internal sealed class WithoutSession : Mutation
    {
        private readonly Dictionary<ulong, uint> sessions = [];

        public override object AtAuthority(SimRoot root, object message)
        {
            if (message is Hello hello) sessions[hello.Instance] = Math.Max(hello.Session, sessions.GetValueOrDefault(hello.Instance));
            return message is Ack ack ? ack with { Session = sessions.GetValueOrDefault(ack.Instance), Epoch = root.Authority.Epoch } : message;
        }

        public override object? AtHolder(SimLeaf leaf, object message) =>
            message is Invalidate invalidate ? invalidate with { Session = leaf.Holder.Session, Epoch = leaf.Holder.Epoch } : message;
    }

    /// <summary>The authority waits for a silent holder for less than its lease.</summary>
    internal sealed class ShortTimer : Mutation
    {
        public override CoherenceOptions AuthorityOptions(CoherenceOptions options) => new()
        {
            LeaseDuration = options.LeaseDuration,
            AuthorityLeaseDuration = options.LeaseDuration * 0.6,
            ClockRateError = options.ClockRateError,
            InvalidateTimeout = options.InvalidateTimeout,
            RequestsMax = options.RequestsMax,
            DirectoryKeysMax = options.DirectoryKeysMax,
        };
    }

    /// <summary>The lease counts from the grant's arrival: as if the renewal had been sent only then.</summary>
    internal sealed class LeaseFromReceipt : Mutation
    {
        public override object? AtHolder(SimLeaf leaf, object message)
        {
            if (message is not Grant grant || grant.Session != leaf.Holder.Session || grant.Epoch != leaf.Holder.Epoch || grant.Instance != leaf.Instance) return message;
            return leaf.RenewUnsent() is { } number ? grant with { Number = number } : message;
        }
    }

    /// <summary>After a restart, what the disk has is taken for registered.</summary>
    internal sealed class TrustDisk : Mutation
    {
        public override void Restarted(SimLeaf leaf) => leaf.Reregister(((long)leaf.Holder.Session << 32) | 1);
    }

    /// <summary>The writer is not asked to invalidate its own copy.</summary>
    internal sealed class WriterLeftOut : Mutation
    {
        public override bool MaySend(SimRoot root, CoherenceMessage message)
        {
            if (message is not Invalidate invalidate || root.Writer != invalidate.Instance) return true;
            root.Later(0, () => root.Authority.Receive(new Ack(invalidate.Instance, invalidate.Session, invalidate.Epoch, [invalidate.Number]), root.Clock.Now));
            return false;
        }
    }

    /// <summary>The writer keeps its copy without having been registered for it.</summary>
    internal sealed class WriterUnregistered : Mutation
    {
        public override bool MarksWriter => false;

        public override object? AtHolder(SimLeaf leaf, object message) => message is WriteOk ok ? ok with { Registered = true } : message;
    }

    /// <summary>A newer version than the one told is taken from a source, as the answer.</summary>
    internal sealed class SourceAtLeast : Mutation
    {
        public override object? AtHolder(SimLeaf leaf, object message)
        {
            if (message is not AcquireOk { Items: [{ Status: AcquireStatus.Found } answer] } ok) return message;
            var newest = leaf.Others.Select(o => o.Copies.GetValueOrDefault(SimKeys.Number(answer.Key))?.Stored).Append(leaf.RootHas(SimKeys.Number(answer.Key)))
                .OfType<Stored>().Where(s => s.Exists).MaxBy(s => s.Version);
            return newest?.Version > answer.Version ? ok with { Items = [answer with { Version = newest.Version, Payload = BitConverter.GetBytes(newest.Value) }] } : message;
        }
    }

    /// <summary>A source gives what it has, whatever was asked for.</summary>
    internal sealed class SourceAny : Mutation
    {
        public override long? Chunk(Stored? has, long version, int chunk) => has is { Exists: true } ? has.Value : null;
    }

    /// <summary>The first chunk is of the version asked for, the later ones of any.</summary>
    internal sealed class ChunkAny : Mutation
    {
        public override long? Chunk(Stored? has, long version, int chunk) =>
            has is { Exists: true } && (chunk > 0 || has.Version == version) ? has.Value : null;
    }

    /// <summary>An eviction ends the registration, whichever copy it was of.</summary>
    internal sealed class EvictWithoutStamp : Mutation
    {
        public override object AtAuthority(SimRoot root, object message) =>
            message is Evict evict ? evict with { Items = [.. evict.Items.Select(i => i with { Stamp = uint.MaxValue })] } : message;
    }

    /// <summary>A registration has the stamp of the acquire that came last, not the highest.</summary>
    internal sealed class LastStamp : Mutation
    {
        public override bool Acquire(SimRoot root, int from, Acquire message, AcquireItem item)
        {
            if (root.Authority.Ticket(item.Key.Id) == 0)
                root.Authority.Receive(new Evict(message.Instance, message.Session, message.Epoch, [new EvictItem(item.Key.Id, uint.MaxValue)]), root.Clock.Now);
            return false;
        }
    }

    /// <summary>An eviction does not poison what is on its way.</summary>
    internal sealed class EvictWithoutPoison : Mutation
    {
        public override bool Evicted(SimLeaf leaf, KeyId key, long registration)
        {
            if (registration >> 32 != leaf.Holder.Session || leaf.HasAny(key, (long)leaf.Holder.Session << 32)) return true;
            leaf.Send(new Evict(leaf.Instance, leaf.Holder.Session, leaf.Holder.Epoch, [new EvictItem(key, (uint)registration)]));
            return true;
        }
    }

    /// <summary>Reads join any flight of their key, as long as no invalidation reached it, lease or not.</summary>
    internal sealed class JoinWithoutLease : Mutation
    {
        private readonly Dictionary<(SimLeaf, int), (SimRead First, bool Poisoned)> open = [];

        public override object? AtHolder(SimLeaf leaf, object message)
        {
            foreach (var (at, flight) in open.ToArray())
            {
                if (at.Item1 == leaf && message is Invalidate i && i.Items.Any(k => k.Key == leaf.IdOf(at.Item2))) open[at] = flight with { Poisoned = true };
            }

            return message;
        }

        public override bool Joined(SimLeaf leaf, int key, SimRead read)
        {
            if (open.TryGetValue((leaf, key), out var flight) && !flight.First.IsDone && !flight.Poisoned)
            {
                flight.First.Others.Add(read);
                return true;
            }

            open[(leaf, key)] = (read, false);
            return false;
        }
    }

    /// <summary>Reads join a flight that was poisoned, while the lease runs.</summary>
    internal sealed class JoinPoisoned : Mutation
    {
        private readonly Dictionary<(SimLeaf, int), SimRead> open = [];

        public override bool Joined(SimLeaf leaf, int key, SimRead read)
        {
            if (open.TryGetValue((leaf, key), out var first) && !first.IsDone && leaf.Holder.LeaseRuns(leaf.Clock.Now))
            {
                first.Others.Add(read);
                return true;
            }

            open[(leaf, key)] = read;
            return false;
        }
    }

    /// <summary>A leaf's clock does not count the time for which its machine slept.</summary>
    internal sealed class SleepUncounted : Mutation
    {
        public override bool CountsSleep => false;
    }

    /// <summary>The authority never stops waiting for a silent holder.</summary>
    internal sealed class NoLeaseTimer : Mutation
    {
        public override bool TicksAuthority => false;
    }
}
