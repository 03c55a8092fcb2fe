using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class InstancesContract : ControlPlaneContract
{
    [Fact]
    public async Task Register_answers_a_lease_and_wants_digests_of_an_instance_it_does_not_know()
    {
        var lease = (await RegisterAsync("root", null)).Value;

        Assert.Equal(("root", 1L, true), (lease.Instance, lease.Epoch, lease.DigestWanted));
        Assert.InRange(lease.HeartbeatMs, 1, lease.LeaseMs / 2);
    }

    [Fact]
    public async Task Register_is_the_same_under_retry()
    {
        await RegisterAsync("root", null);

        Assert.True((await RegisterAsync("root", null)).IsOk);
        Assert.Single((await Plane.Instances.ListAsync(new PageRequest(), None)).Value.Items);
    }

    [Fact]
    public async Task Register_refuses_a_live_name_of_another_silo()
    {
        await RegisterAsync("root", null);

        AssertError(CacheErrorCode.Conflict, await Plane.Instances.RegisterAsync(Registration("root", null) with { Silo = "other" }, None));
    }

    [Fact]
    public async Task Register_gives_a_name_to_another_silo_when_the_lease_has_ended()
    {
        var lease = (await RegisterAsync("root", null)).Value;
        Clock.Advance(TimeSpan.FromMilliseconds(lease.LeaseMs + 1));

        Assert.True((await Plane.Instances.RegisterAsync(Registration("root", null) with { Silo = "other" }, None)).IsOk);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with blank")]
    [InlineData("with/slash")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Register_refuses_a_name_that_breaks_the_rule(string name) =>
        AssertError(CacheErrorCode.Invalid, await RegisterAsync(name, null));

    [Fact]
    public async Task Register_refuses_a_parent_that_does_not_exist() =>
        AssertError(CacheErrorCode.NotFound, await RegisterAsync("leaf", "nobody"));

    [Fact]
    public async Task Register_refuses_a_cycle()
    {
        await RegisterTreeAsync();

        AssertError(CacheErrorCode.Conflict, await RegisterAsync("branch", "leaf-1"));
        AssertError(CacheErrorCode.Conflict, await RegisterAsync("branch", "branch"));
    }

    [Fact]
    public async Task Register_refuses_a_root_with_a_parent_and_a_leaf_without()
    {
        await RegisterAsync("root", null);

        AssertError(CacheErrorCode.Invalid, await Plane.Instances.RegisterAsync(Registration("r2", null) with { Parent = "root" }, None));
        AssertError(CacheErrorCode.Invalid, await Plane.Instances.RegisterAsync(Registration("leaf", "root") with { Parent = null }, None));
    }

    [Fact]
    public async Task Register_refuses_another_version_of_the_protocol() => AssertError(
        CacheErrorCode.Conflict, await Plane.Instances.RegisterAsync(Registration("root", null) with { ProtocolVersion = ControlPlaneLimits.ProtocolVersion + 1 }, None));

    [Fact]
    public async Task Register_refuses_a_former_epoch()
    {
        await RegisterAsync("root", null, epoch: 5);

        AssertError(CacheErrorCode.StaleEpoch, await RegisterAsync("root", null, epoch: 4));
    }

    [Fact]
    public async Task Heartbeat_of_an_unknown_instance_or_another_epoch_asks_for_registration()
    {
        await RegisterAsync("root", null, epoch: 5);

        AssertError(CacheErrorCode.NotFound, await Plane.Instances.HeartbeatAsync(new Heartbeat { Instance = "nobody", Epoch = 1, Number = 1 }, None));
        AssertError(CacheErrorCode.StaleEpoch, await Plane.Instances.HeartbeatAsync(new Heartbeat { Instance = "root", Epoch = 4, Number = 1 }, None));
        AssertError(CacheErrorCode.StaleEpoch, await Plane.Instances.HeartbeatAsync(new Heartbeat { Instance = "root", Epoch = 6, Number = 1 }, None));
    }

    [Fact]
    public async Task State_goes_from_live_to_suspect_to_gone_and_its_content_is_forgotten_then()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("k", 10, 1));
        var states = new List<InstanceState> { await StateAsync("leaf-1") };
        Clock.Advance(TimeSpan.FromSeconds(5));
        states.Add(await StateAsync("leaf-1"));
        var whileSuspect = await HoldersAsync("k");
        Clock.Advance(TimeSpan.FromSeconds(60));
        states.Add(await StateAsync("leaf-1"));

        Assert.Equal([InstanceState.Live, InstanceState.Suspect, InstanceState.Gone], states);
        Assert.Equal(["leaf-1"], whileSuspect);
        Assert.Empty(await HoldersAsync("k"));
        AssertError(CacheErrorCode.NotFound, await ReportAsync(Adds("leaf-1", 2, ("k2", 10, 1))));
    }

    [Fact]
    public async Task Heartbeat_keeps_an_instance_live()
    {
        await RegisterAsync("root", null);
        for (var number = 1; number <= 10; number++)
        {
            Clock.Advance(TimeSpan.FromSeconds(2));
            await HeartbeatAsync("root", number);
        }

        Assert.Equal(InstanceState.Live, await StateAsync("root"));
    }

    [Fact]
    public async Task Heartbeat_that_comes_twice_extends_nothing()
    {
        await RegisterAsync("root", null);
        await HeartbeatAsync("root", 7);
        Clock.Advance(TimeSpan.FromSeconds(3));
        await HeartbeatAsync("root", 7);
        Clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(InstanceState.Suspect, await StateAsync("root"));
    }

    [Fact]
    public async Task List_is_paged_by_name()
    {
        await RegisterTreeAsync();
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await Plane.Instances.ListAsync(new PageRequest(cursor, 3), None)).Value;
            names.AddRange(page.Items.Select(i => i.Registration.Name));
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(["branch", "leaf-1", "leaf-2", "root"], names);
        AssertError(CacheErrorCode.Invalid, await Plane.Instances.ListAsync(new PageRequest(null, 0), None));
        AssertError(CacheErrorCode.Invalid, await Plane.Instances.ListAsync(new PageRequest(null, ControlPlaneLimits.PageItemsMax + 1), None));
    }

    [Fact]
    public async Task Get_tells_what_was_registered()
    {
        await RegisterTreeAsync();
        var info = (await Plane.Instances.GetAsync("leaf-1", None)).Value;

        Assert.Equal(Registration("leaf-1", "branch"), info.Registration);
        AssertError(CacheErrorCode.NotFound, await Plane.Instances.GetAsync("nobody", None));
    }

    [Fact]
    public async Task Remove_forgets_an_instance_with_its_content_and_may_be_repeated()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("k", 10, 1));

        Assert.True((await Plane.Instances.RemoveAsync("leaf-1", 1, None)).IsOk);
        Assert.True((await Plane.Instances.RemoveAsync("leaf-1", 1, None)).IsOk);
        Assert.Empty(await HoldersAsync("k"));
        AssertError(CacheErrorCode.NotFound, await Plane.Instances.GetAsync("leaf-1", None));
    }

    [Fact]
    public async Task Remove_refuses_a_parent_and_another_epoch()
    {
        await RegisterTreeAsync();

        AssertError(CacheErrorCode.Conflict, await Plane.Instances.RemoveAsync("branch", null, None));
        AssertError(CacheErrorCode.StaleEpoch, await Plane.Instances.RemoveAsync("leaf-1", 9, None));
    }

    private async Task<InstanceState> StateAsync(string name) => (await Plane.Instances.GetAsync(name, None)).Value.State;
}
