using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

internal sealed class OrleansOwnership(Func<IOwnership> grain, Freshness freshness, GrainCalls calls) : IOwnership
{
    public Task<Result<SlotOwner>> OwnerAsync(CacheKey key, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().OwnerAsync(key, cancellation), cancellation);

    public Task<Result<Done>> AssignAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) =>
        freshness.ChangeAsync(calls.CallAsync(() => grain().AssignAsync(root, slots, cancellation), cancellation));

    public Task<Result<Done>> ReleaseAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) =>
        freshness.ChangeAsync(calls.CallAsync(() => grain().ReleaseAsync(root, slots, cancellation), cancellation));

    public Task<Result<IReadOnlyList<SlotAssignment>>> ListAsync(CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ListAsync(cancellation), cancellation);
}
