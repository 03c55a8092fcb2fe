using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>One cache instance: how far its changes are taken, and whether the records have its content. Key: tree/instance.</summary>
internal interface ICacheInstanceGrain : IGrainWithStringKey
{
    Task<Result<InstanceLease>> RegisterAsync(InstanceRegistration registration, CancellationToken cancellation);

    Task<Result<InstanceLease>> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation);

    Task<Result<Done>> RemoveAsync(long? epoch, CancellationToken cancellation);

    Task<Result<ReportReply>> ReportAsync(EventBatch batch, CancellationToken cancellation);

    Task<Result<DigestReply>> CompareDigestsAsync(DigestQuery query, CancellationToken cancellation);

    Task<InstanceStatus> StatusAsync(CancellationToken cancellation);

    /// <summary>A record began a life without memory.</summary>
    /// <returns>True where the instance has nothing in it.</returns>
    Task<bool> RecordBeganAsync(int record, string life);

    /// <summary>Drops the content of an instance that is gone.</summary>
    Task ForgetAsync();

    /// <summary>Has the grain go on on the silo that hosts the instance, where it begins anew, as where another silo asked for it first.</summary>
    Task SettleAsync(string silo);
}
