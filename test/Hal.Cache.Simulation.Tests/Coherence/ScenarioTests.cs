using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Testing.Simulation;
using static Hal.Cache.Simulation.Tests.Coherence.Scenario;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>The protocol's scenarios one by one, with delays that make them happen. With rho 0 the lease and the authority's wait are 900 ms.</summary>
public sealed class ScenarioTests
{
    private const double Lease = 900;

    [Fact]
    public void S1_An_answer_that_comes_after_the_next_version_was_published_leaves_no_valid_copy()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.Cluster.Network.Direct = (_, to, m) => m is AcquireOk && to == 1 ? 200_000 : null;
        var early = s.Read(1);
        s.For(20);

        s.SetNow(Root, 2000);
        Assert.False(early.IsDone);
        s.Wait(early, 300);

        Assert.Equal(1000, early.Result);
        s.Cluster.Network.Direct = null;
        Assert.Equal(2000, s.ReadNow(1));
        s.AssertLinearizable();
    }

    [Fact]
    public void S2_Reads_in_turn_around_a_slow_holder_never_see_the_new_value_and_then_the_old_one()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        Assert.Equal(1000, s.ReadNow(1));
        Assert.Equal(1000, s.ReadNow(2));
        s.Cluster.Network.Direct = (_, to, m) => to == 1 && m is Invalidate ? 150_000 : null;

        var write = s.Set(Root, 2000);
        s.For(20);
        var (atRoot, atTwo, atOne) = (s.Read(Root), s.Read(2), s.Read(1));
        s.For(20);

        Assert.True(atOne.IsDone);
        Assert.Equal(1000, atOne.Result);
        Assert.False(write.IsDone || atRoot.IsDone || atTwo.IsDone);
        s.Wait(write, 200);
        s.For(20);
        Assert.Equal([2000L, 2000L], [atRoot.Result, atTwo.Result]);
        s.AssertLinearizable();
    }

    [Fact]
    public void S3_After_a_restart_a_write_waits_for_the_lease_of_a_silent_leaf_and_not_longer()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.Cut(1);
        s.RestartRoot();

        var write = s.Set(Root, 2000);
        s.For(Lease - 20);
        Assert.False(write.IsDone);

        Assert.InRange(s.Wait(write, 100), 10, 60);
        s.AssertLinearizable();
    }

    [Fact]
    public void S4_After_a_restart_the_grace_ends_as_soon_as_all_have_said_hello()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.RestartRoot();

        var write = s.Set(Root, 2000);

        Assert.InRange(s.Wait(write, 1000), 0, (Lease / 3) + 40); // a renewal is refused first
        Assert.Equal(2000, s.ReadNow(1));
        s.AssertLinearizable();
    }

    [Fact]
    public void S5_A_late_hello_of_the_former_epoch_does_not_end_the_grace()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.Cut(1);
        var former = s.Cluster.Root.Authority.Epoch;
        s.RestartRoot();

        var write = s.Set(Root, 2000);
        s.Cluster.Network.Direct = (_, _, m) => m is Hello ? 1000 : null;
        s.Cluster.Network.Send(1, Root, new Hello(s.Leaf(1).Instance, s.Leaf(1).Holder.Session, former));
        s.Cluster.Network.Direct = null;
        s.For(500);

        Assert.False(write.IsDone);
        Assert.Equal(1000, s.ReadNow(1));
    }

    [Fact]
    public void S6_A_repeated_acquire_after_an_eviction_registers_once_more_and_harms_nobody()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        Acquire? sent = null;
        s.Cluster.Network.Direct = (_, _, m) =>
        {
            sent = m as Acquire ?? sent;
            return null;
        };
        s.ReadNow(1);
        s.Leaf(1).Evict(1);
        s.For(60);
        Assert.Equal(0, s.Cluster.Root.Authority.DirectoryHolders);

        s.Cluster.Network.Send(1, Root, sent!);
        s.For(20);

        Assert.Equal(1, s.Cluster.Root.Authority.DirectoryHolders);
        Assert.Empty(s.Leaf(1).Copies);
        s.SetNow(Root, 2000);
        Assert.Equal(2000, s.ReadNow(1));
    }

    [Fact]
    public void S6_A_late_eviction_does_not_end_the_registration_of_the_next_copy()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.Cluster.Network.Direct = (_, _, m) => m is Evict ? 200_000 : null;
        s.Leaf(1).Evict(1);
        s.For(60);
        s.ReadNow(1);
        s.For(250);

        s.SetNow(Root, 2000);

        Assert.Equal(2000, s.ReadNow(1));
        s.AssertLinearizable();
    }

    [Fact]
    public void S6_An_eviction_that_crosses_the_answer_to_a_write_leaves_no_valid_copy()
    {
        var s = new Scenario();
        s.Cluster.Network.Direct = (_, _, m) => m is WriteReply ? 200_000 : null;
        var write = s.Set(1, 1000);
        s.For(60);
        Assert.Equal(1000, s.ReadNow(1)); // a copy with a later stamp than the write's
        s.Leaf(1).Evict(1);
        s.For(60);
        Assert.Equal(0, s.Cluster.Root.Authority.DirectoryHolders);
        s.Wait(write, 200);
        s.Cluster.Network.Direct = null;

        s.SetNow(Root, 2000);

        Assert.Equal(2000, s.ReadNow(1));
        s.AssertLinearizable();
    }

    [Fact]
    public void S7_A_leaf_that_restarts_on_its_old_disk_asks_first_and_moves_no_bytes_for_what_did_not_change()
    {
        var s = new Scenario(smallValues: 0);
        s.SetNow(Root, 1000, key: 1);
        s.SetNow(Root, 1500, key: 2);
        s.ReadNow(1, key: 1);
        s.ReadNow(1, key: 2);
        Assert.Equal(2, s.Leaf(1).BytesMoved);
        s.Leaf(1).Crash(losesDisk: false);
        s.For(1000);
        s.SetNow(Root, 2000, key: 1);
        s.Leaf(1).Start();
        s.For(20);

        Assert.Equal(2000, s.ReadNow(1, key: 1));
        Assert.Equal(1500, s.ReadNow(1, key: 2));

        Assert.Equal(3, s.Leaf(1).BytesMoved);
        s.AssertLinearizable();
    }

    [Fact]
    public void S8_A_holder_that_renews_but_never_answers_stalls_a_write_for_the_timeout_and_a_lease_at_most()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.Cluster.Network.Direct = (_, to, m) => to == 1 && m is Invalidate ? -1 : null;

        var write = s.Set(Root, 2000);

        Assert.InRange(s.Wait(write, 1200), Lease - (Lease / 3), 200 + Lease + 20);
        s.Cluster.Network.Direct = null;
        s.For(400);
        Assert.Equal(2000, s.ReadNow(1));
        s.AssertLinearizable();
    }

    [Theory]
    [InlineData(112, true)]
    [InlineData(110, false)]
    public void S9_With_clocks_at_both_ends_the_bound_of_111_2_is_exact(int authorityLease, bool isSafe)
    {
        var options = SimCluster.DefaultOptions(0.1);
        options.LeaseDuration = TimeSpan.FromMilliseconds(910);
        options.AuthorityLeaseDuration = TimeSpan.FromMilliseconds(authorityLease * 10);
        var s = new Scenario(options: options);
        s.Leaf(1).Clock.SetRate(0.9);
        s.Cluster.Root.Clock.SetRate(1.1);
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        // A grant without any delay, and then silence.
        var granted = false;
        s.Cluster.Network.Direct = (from, to, m) =>
        {
            if (granted && (from == 1 || to == 1)) return -1;
            granted = m is Grant && to == 1;
            return m is Renew or Grant ? 0 : null;
        };
        for (var i = 0; i < 1000 && !granted; i++) s.For(1);
        Assert.True(granted);

        var write = s.Set(Root, 2000);
        for (var i = 0; i < 2400; i++)
        {
            s.Read(1);
            s.For(0.5);
        }

        Assert.True(write.IsDone);
        Assert.Equal(isSafe, LinearizabilityChecker.FindViolation(s.Cluster.History) is null);
        Assert.Equal(isSafe, CoherenceOptionsValidator.Validate(options).Count == 0);
    }

    [Fact]
    public void S9_A_grant_delayed_beyond_the_lease_gives_none()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.Cluster.Network.Direct = (_, to, m) => m is Grant && to == 1 ? 1_000_000 : null;

        s.For(Lease + 200);

        Assert.False(s.Leaf(1).Holder.LeaseRuns(s.Leaf(1).Clock.Now));
    }

    [Fact]
    public void S10_An_increment_sent_again_and_again_with_a_crash_between_counts_once()
    {
        var s = new Scenario();
        var replies = 0;
        var requests = 0;
        s.Cluster.Network.Direct = (_, _, m) =>
        {
            if (m is WriteRequest) requests++;
            return m is WriteReply && replies++ < 2 ? -1 : null;
        };
        var increment = s.Increment(1);
        s.For(350);
        s.RestartRoot();

        s.Wait(increment, 2000);

        Assert.True(requests >= 3, $"{requests} requests");
        Assert.Equal(1, increment.Result);
        Assert.Equal(1, s.ReadNow(2, key: 0));
        s.AssertLinearizable();
    }

    [Fact]
    public void S11_A_hundred_writers_and_fifty_readers_of_one_counter_see_one_order()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            var s = new Scenario(leaves: 4);
            var steps = new List<Step>();
            for (var client = 0; client < 150; client++)
            {
                var (writes, node) = (client < 100, client % 5);
                for (var turn = 0; turn < 3; turn++)
                    s.Cluster.Scheduler.After(random.Next(300_000), () => steps.Add(writes ? s.Increment(node) : s.Read(node, key: 0)));
            }

            s.For(3000);

            Assert.Equal(450, steps.Count);
            Assert.True(steps.TrueForAll(t => t.IsDone), $"seed {seed}");
            Assert.True(LinearizabilityChecker.FindViolation(s.Cluster.History) is null, $"seed {seed}");
            Assert.Equal(300, s.ReadNow(1, key: 0));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void S12_A_source_invalidated_in_mid_stream_gives_the_whole_old_value_or_the_whole_new_one(bool sourceEvicts)
    {
        var s = new Scenario(smallValues: 0);
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.Cluster.Network.Direct = (from, to, m) => m is FetchReply && to == 2 ? 40_000 : null;
        var read = s.Read(2);
        s.For(30); // the first chunk is on its way

        s.SetNow(Root, 2000);
        if (sourceEvicts) s.Leaf(1).Evict(1);
        s.Wait(read, 1000);

        Assert.Contains(read.Result, new long?[] { 1000, 2000 });
        s.Cluster.Network.Direct = null;
        Assert.Equal(2000, s.ReadNow(2));
        s.AssertLinearizable();
    }

    [Fact]
    public void S13_Two_keys_of_one_command_are_published_as_one_although_one_has_a_dead_holder()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000, key: 1);
        s.SetNow(Root, 1000, key: 2);
        s.ReadNow(1, key: 1);
        s.Cut(1);

        var done = false;
        s.Cluster.Root.ExecuteMany([1, 2], 2000, () => done = true);
        var (first, second, elsewhere) = (s.Read(Root, key: 1), s.Read(Root, key: 2), s.Read(2, key: 2));
        s.For(Lease / 2);
        Assert.False(done || first.IsDone || second.IsDone || elsewhere.IsDone);

        s.For(Lease);

        Assert.True(done);
        Assert.Equal([2000L, 2000L, 2000L], [first.Result, second.Result, elsewhere.Result]);
    }

    [Theory]
    [InlineData(0.9, 1.1)]
    [InlineData(1.1, 0.9)]
    [InlineData(1, 1)]
    public void S14_A_leaf_asks_at_the_end_of_its_copys_time_and_never_serves_it_after_the_authoritys(double leafRate, double rootRate)
    {
        var s = new Scenario(rho: 0.1);
        s.Leaf(1).Clock.SetRate(leafRate);
        s.Cluster.Root.Clock.SetRate(rootRate);
        s.Cluster.Root.Execute(OperationKind.Set, 1, 1000, null, (_, _, _) => { }, TimeSpan.FromMilliseconds(500));
        var expiry = s.Cluster.Scheduler.Now + (500_000 / rootRate);
        s.For(40);
        Assert.Equal(1000, s.ReadNow(1));

        while (s.Cluster.Scheduler.Now < expiry + 50_000)
        {
            var (asked, read) = (s.Cluster.Scheduler.Now, s.Read(1));
            s.For(5);
            Assert.True(read.IsDone);
            if (asked > expiry) Assert.Null(read.Result);
            if (s.Cluster.Scheduler.Now < expiry) Assert.Equal(1000, read.Result);
        }
    }

    [Fact]
    public void A_flush_of_everything_reaches_every_leaf_before_it_is_acknowledged()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.ReadNow(2);
        s.Cluster.Network.Direct = (_, to, m) => to == 2 && m is Invalidate ? 100_000 : null;
        var done = false;

        s.Cluster.Root.FlushAll(() => done = true);
        s.For(50);
        Assert.False(done);
        s.For(100);

        Assert.True(done);
        Assert.Equal([null, null, null], new[] { s.ReadNow(Root), s.ReadNow(1), s.ReadNow(2) });
    }

    [Fact]
    public void A_key_that_is_written_without_pause_can_still_be_read_elsewhere()
    {
        var s = new Scenario();
        var running = true;
        void Again()
        {
            if (!running) return;
            s.Increment(Root);
            s.Cluster.Scheduler.After(300, Again);
        }

        Again();
        s.For(50);

        var read = s.Read(1, key: 0);
        Assert.InRange(s.Wait(read, 500), 0, 100);
        running = false;
        Assert.True(read.Result > 0);
    }

    [Fact]
    public void Available_goes_on_reading_while_cut_off_and_loses_no_increment()
    {
        var options = SimCluster.DefaultOptions(0);
        options.Mode = CoherenceMode.Available;
        options.MaxStale = TimeSpan.FromSeconds(60);
        var s = new Scenario(options: options);
        s.Wait(s.Increment(Root), 100);
        Assert.Equal(1, s.ReadNow(1, key: 0));
        s.Cut(1);
        s.For(2 * Lease);

        var increment = s.Increment(1);
        Assert.Equal(1, s.ReadNow(1, key: 0));
        s.Wait(s.Increment(Root), 100);
        Assert.Equal(1, s.ReadNow(1, key: 0)); // older than what was acknowledged: what this mode gives up
        Assert.False(increment.IsDone);
        s.Cut(1, false);
        s.Wait(increment, 2000);
        s.For(400);

        Assert.Equal(3, increment.Result);
        Assert.Equal(3, s.ReadNow(1, key: 0));
    }

    [Fact]
    public void Strict_fails_reads_while_cut_off_once_the_lease_and_the_time_to_answer_have_ended()
    {
        var s = new Scenario();
        s.SetNow(Root, 1000);
        s.ReadNow(1);
        s.Cut(1);
        s.For(Lease + 100);

        var read = s.Read(1);

        Assert.InRange(s.Wait(read, 6000), 3900, 4200);
        Assert.False(read.Known);
    }
}
