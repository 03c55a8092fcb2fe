namespace Hal.Cache.Contracts.Peers;

/// <summary>The durable list of instances that may hold leases of this authority, so that a restart knows whom to wait for.</summary>
public interface IHolderLog
{
    /// <summary>Instances that began sessions in earlier epochs; null where that is not known.</summary>
    IReadOnlyCollection<ulong>? Known { get; }

    /// <summary>Makes an instance durable, if it is not yet; false where that failed, and then it gets no session.</summary>
    bool TryAdd(ulong instance);

    /// <summary>Forgets the instances that have begun no session in this epoch, whose leases are over; where that fails the next epoch waits for them again.</summary>
    void ForgetEarlier();
}
