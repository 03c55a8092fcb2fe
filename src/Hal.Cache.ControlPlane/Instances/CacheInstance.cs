using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.ControlPlane.Instances;

/// <summary>One registered instance: lease, epoch, how far its changes are taken. Not thread-safe but for <see cref="State"/>.</summary>
internal sealed class CacheInstance(int number, InstanceRegistration registration, DateTimeOffset registeredAt, InstanceOptions options)
{
    private long heardAtTicks = registeredAt.UtcTicks;
    private long heartbeatNumber;

    /// <summary>Serialises whatever is done for this instance; see the host.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Its number in content maps; given to another only after all its content is dropped.</summary>
    public int Number { get; } = number;

    public string Name => Registration.Name;

    public InstanceRegistration Registration { get; private set; } = registration;

    public DateTimeOffset RegisteredAt { get; private set; } = registeredAt;

    public DateTimeOffset HeardAt => new(Volatile.Read(ref heardAtTicks), TimeSpan.Zero);

    public DateTimeOffset LeaseEndsAt => HeardAt + options.Lease;

    /// <summary>Sequence of the last change taken in this epoch.</summary>
    public long Applied { get; private set; } = registration.Sequence;

    /// <summary>Digests were equal, and nothing has gone missing since.</summary>
    public bool Verified { get; private set; }

    /// <summary>A repair's begin was taken, and nothing has gone missing since.</summary>
    public bool Repairing { get; set; }

    /// <summary>Removed or gone: whoever still has the object must not use it.</summary>
    public bool Dropped { get; set; }

    /// <summary>Known from the store alone: it keeps its place in the tree, and has to register before it may tell anything.</summary>
    public bool Recalled { get; set; }

    public InstanceLoad Load { get; private set; } = new();

    /// <summary>Begins with the clock, so that it also differs from what the instance heard before a restart of the control plane.</summary>
    public long PinsRevision { get; private set; } = registeredAt.ToUnixTimeMilliseconds();

    /// <summary>Its pins have changed.</summary>
    public void RevisePins(DateTimeOffset now) => PinsRevision = Math.Max(PinsRevision + 1, now.ToUnixTimeMilliseconds());

    /// <summary>May be called by any thread.</summary>
    public InstanceState State(DateTimeOffset now)
    {
        var silence = now - HeardAt;
        return silence <= options.Lease ? InstanceState.Live : silence <= options.GoneAfter ? InstanceState.Suspect : InstanceState.Gone;
    }

    /// <summary>Why a registration can't take this one's place; null where it can.</summary>
    public CacheError? Refusal(InstanceRegistration next, DateTimeOffset now)
    {
        if (next.Silo != Registration.Silo)
        {
            return State(now) == InstanceState.Live
                ? new CacheError(
                    CacheErrorCode.Conflict,
                    $"instance '{Name}' is another silo's, which serves at {Registration.RespAddress} and whose lease runs; give this one another name")
                : null;
        }
        return next.Epoch < Registration.Epoch ? Stale(next.Epoch) : null;
    }

    /// <summary>Renews a registration; a new epoch starts its sequence anew and keeps the content until digests have told.</summary>
    public void Renew(InstanceRegistration next, DateTimeOffset now)
    {
        if (next.Epoch != Registration.Epoch || next.Silo != Registration.Silo || State(now) == InstanceState.Gone || Recalled)
        {
            Recalled = false;
            Applied = next.Sequence;
            heartbeatNumber = 0;
            Load = new InstanceLoad();
            RegisteredAt = now;
            Lose();
        }
        Registration = next;
        Hear(now);
    }

    /// <summary>Takes a heartbeat; false where it is a repeated or older one, whose load has been counted.</summary>
    public Result<bool> Hear(Heartbeat heartbeat, DateTimeOffset now)
    {
        if (heartbeat.Epoch != Registration.Epoch) return Stale(heartbeat.Epoch);
        if (heartbeat.Number <= heartbeatNumber) return false;
        heartbeatNumber = heartbeat.Number;
        Load = heartbeat.Load;
        Hear(now);
        return true;
    }

    public void Hear(DateTimeOffset now) => Volatile.Write(ref heardAtTicks, now.UtcTicks);

    public CacheError Stale(long epoch) => new(
        CacheErrorCode.StaleEpoch, $"epoch {epoch} of instance '{Name}' is not the registered one, {Registration.Epoch}");

    /// <summary>Takes a sequence number: false where it was taken before.</summary>
    public bool Take(long sequence)
    {
        if (sequence <= Applied) return false;
        if (sequence > Applied + 1) Lose();
        Applied = sequence;
        return true;
    }

    /// <summary>Something is missing, or may be.</summary>
    public void Lose() => (Verified, Repairing) = (false, false);

    /// <summary>Digests of everything were equal at the last change taken.</summary>
    public void Verify() => Verified = true;

    public InstanceLease Lease(bool prestageWaiting) => new()
    {
        Instance = Name,
        Epoch = Registration.Epoch,
        LeaseMs = (int)options.Lease.TotalMilliseconds,
        HeartbeatMs = (int)options.Heartbeat.TotalMilliseconds,
        AppliedSequence = Applied,
        DigestWanted = !Verified,
        PrestageWaiting = prestageWaiting,
        PinsRevision = PinsRevision,
    };

    public bool IsRoot => Registration.Role == InstanceRole.Root;
}
