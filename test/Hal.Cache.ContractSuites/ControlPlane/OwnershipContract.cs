using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class OwnershipContract : ControlPlaneContract
{
    [Fact]
    public async Task The_first_root_owns_every_slot_and_a_second_one_none()
    {
        await RegisterAsync("root", null);
        await RegisterAsync("root-2", null);

        Assert.Equal([new SlotAssignment("root", 0, 16_383)], (await Plane.Ownership.ListAsync(None)).Value);
    }

    [Fact]
    public async Task Keys_with_one_hash_tag_have_one_owner_and_slots_are_those_of_Redis_Cluster()
    {
        await RegisterAsync("root", null);

        // The CRC's check value, and the slots that `CLUSTER KEYSLOT` has for these keys.
        Assert.Equal(12_739, (await Plane.Ownership.OwnerAsync(Key("123456789"), None)).Value.Slot);
        Assert.Equal(5_061, (await Plane.Ownership.OwnerAsync(Key("bar"), None)).Value.Slot);
        Assert.Equal(5_061, (await Plane.Ownership.OwnerAsync(Key("x{bar}y{z}"), None)).Value.Slot);
    }

    [Fact]
    public async Task Two_roots_for_a_slot_are_refused_and_nothing_is_changed()
    {
        await Plane.Instances.RegisterAsync(Registration("a", null) with { Slots = [new SlotRange(0, 99)] }, None);

        AssertError(CacheErrorCode.Conflict, await Plane.Instances.RegisterAsync(Registration("b", null) with { Slots = [new SlotRange(99, 200)] }, None));
        AssertError(CacheErrorCode.NotFound, await Plane.Instances.GetAsync("b", None));
        Assert.Equal([new SlotAssignment("a", 0, 99)], (await Plane.Ownership.ListAsync(None)).Value);
    }

    [Fact]
    public async Task Assign_and_release_move_slots_between_roots()
    {
        await RegisterAsync("a", null);
        await RegisterAsync("b", null);

        AssertError(CacheErrorCode.Conflict, await Plane.Ownership.AssignAsync("b", [new SlotRange(0, 9)], None));
        Assert.True((await Plane.Ownership.ReleaseAsync("a", [new SlotRange(0, 9)], None)).IsOk);
        Assert.True((await Plane.Ownership.AssignAsync("b", [new SlotRange(0, 9)], None)).IsOk);
        Assert.Equal([new SlotAssignment("b", 0, 9), new SlotAssignment("a", 10, 16_383)], (await Plane.Ownership.ListAsync(None)).Value);
    }

    [Fact]
    public async Task Assign_refuses_slots_that_are_none_and_instances_that_are_no_root()
    {
        await RegisterTreeAsync();

        AssertError(CacheErrorCode.NotFound, await Plane.Ownership.AssignAsync("leaf-1", [new SlotRange(0, 9)], None));
        AssertError(CacheErrorCode.Invalid, await Plane.Ownership.AssignAsync("root", [new SlotRange(0, 16_384)], None));
        AssertError(CacheErrorCode.Invalid, await Plane.Ownership.AssignAsync("root", [new SlotRange(5, 4)], None));
    }

    [Fact]
    public async Task A_slot_without_a_root_has_no_owner() =>
        AssertError(CacheErrorCode.NotFound, await Plane.Ownership.OwnerAsync(Key("k"), None));
}
