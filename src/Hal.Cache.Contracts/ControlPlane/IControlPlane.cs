namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The control plane: what is where, what moving it costs, and where work should go; one set of roles for every host.</summary>
/// <remarks>
/// Actors are addressed by kind and key: an instance by its name, an ownership record by a key's hash slot, a link by its two ends.
/// Every call may be repeated: what is a put, a removal, or is numbered by (epoch, sequence) is idempotent by itself, what makes
/// something new takes an idempotency key (<see cref="ControlPlaneLimits.IdempotencyKeyLengthMax"/> characters, remembered for
/// <see cref="ControlPlaneLimits.IdempotencyKeysMax"/> writes; over a restart, where what they made is stored and has not ended). Expected failures are values; a list has a limit and a cursor.
/// </remarks>
public interface IControlPlane
{
    IInstances Instances { get; }

    IContent Content { get; }

    ITopology Topology { get; }

    IRouting Routing { get; }

    IOwnership Ownership { get; }

    IEvents Events { get; }

    IScheduling Scheduling { get; }

    IBatches Batches { get; }

    IAnalytics Analytics { get; }
}
