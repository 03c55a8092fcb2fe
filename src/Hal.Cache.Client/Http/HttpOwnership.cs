using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

internal sealed class HttpOwnership(PlaneCalls calls) : IOwnership
{
    private const string Root = "v1/ownership";

    public Task<Result<SlotOwner>> OwnerAsync(CacheKey key, CancellationToken cancellation) =>
        calls.SendAsync(
            HttpMethod.Post, new PlaneAddress(Root).Path("owner"), new KeySelection { Keys = [key] }, PlaneCalls.Json.KeySelection, PlaneCalls.Json.SlotOwner, cancellation);

    public Task<Result<Done>> AssignAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) => ChangeAsync(root, "assign", slots, cancellation);

    public Task<Result<Done>> ReleaseAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) => ChangeAsync(root, "release", slots, cancellation);

    public async Task<Result<IReadOnlyList<SlotAssignment>>> ListAsync(CancellationToken cancellation) =>
        PlaneCalls.Items(await calls.GetAsync(new PlaneAddress(Root), PlaneCalls.Json.PageSlotAssignment, cancellation));

    private Task<Result<Done>> ChangeAsync(string root, string verb, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) =>
        calls.DoAsync(
            HttpMethod.Post, new PlaneAddress(Root).Segment(root).Path(verb), new Page<SlotRange>(slots, null), PlaneCalls.Json.PageSlotRange, cancellation);
}
