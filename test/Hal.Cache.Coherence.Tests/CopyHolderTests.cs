using Hal.Cache.Coherence.Messages;
using Hal.Cache.Coherence.Tests.Support;

namespace Hal.Cache.Coherence.Tests;

public sealed class CopyHolderTests
{
    private readonly HolderBench bench = new();

    private CopyHolder Holder => bench.Holder;

    [Fact]
    public void L1_A_registered_copy_is_servable_exactly_while_the_lease_runs()
    {
        bench.Connect().Hold(5);

        Assert.True(bench.IsServable());
        bench.Now += 4999;
        Assert.True(bench.IsServable());
        bench.Now += 1;
        Assert.False(bench.IsServable());
    }

    [Fact]
    public void L1_A_read_joins_a_flight_while_the_lease_runs_and_opens_its_own_once_it_ended()
    {
        bench.Connect().Read(waiter: 1);

        Assert.Equal(ReadStart.Joined, Holder.Read(bench.Key, 0, 2, bench.Now));
        Assert.Equal(ReadStart.Opened, Holder.Read(bench.Key, 0, 3, bench.Now + 5000));
    }

    [Fact]
    public void L1_A_read_does_not_join_a_poisoned_flight()
    {
        bench.Connect().Read(waiter: 1);

        bench.Invalidate(9);

        Assert.Equal(ReadStart.Opened, Holder.Read(bench.Key, 0, 2, bench.Now));
    }

    [Fact]
    public void L1_A_read_joins_a_flight_that_is_not_sent_yet_without_a_lease()
    {
        Assert.Equal(ReadStart.Opened, Holder.Read(bench.Key, 0, 1, bench.Now));

        Assert.Equal(ReadStart.Joined, Holder.Read(bench.Key, 0, 2, bench.Now));
    }

    [Fact]
    public void L1_A_read_does_not_join_the_flight_of_another_key_of_equal_hash()
    {
        bench.Connect().Read(waiter: 1);

        Assert.Equal(ReadStart.Opened, Holder.Read(TestKeys.Key("other", bench.Key.Id.Hash), 0, 2, bench.Now));
    }

    [Fact]
    public void L2_An_answer_asks_for_the_bytes_once_however_often_it_comes()
    {
        var flight = bench.Connect().Read();

        bench.AcquireOk(flight, 5);
        bench.AcquireOk(flight, 6);
        Holder.Complete(flight);

        Assert.Equal([flight], bench.Fetches);
        Assert.Equal([(1L, 5L)], bench.Answers);
    }

    [Fact]
    public void L3_A_poisoned_flight_answers_its_readers_and_leaves_a_copy_that_does_not_serve()
    {
        var flight = bench.Connect().Read();

        bench.AcquireOk(flight, 5);
        bench.Invalidate(6);
        Holder.Complete(flight);

        Assert.Equal([(1L, 5L)], bench.Answers);
        Assert.False(bench.IsServable());
        Assert.Equal(CopyHolder.Suspect, bench.Copies.TryGet(bench.Key)!.Value.Registration);
    }

    [Fact]
    public void L3_A_poison_not_above_the_answer_does_no_harm()
    {
        var flight = bench.Connect().Read();

        bench.Invalidate(6);
        bench.AcquireOk(flight, 6);
        Holder.Complete(flight);

        Assert.True(bench.IsServable());
    }

    [Fact]
    public void L3_An_older_answer_does_not_replace_a_newer_copy()
    {
        bench.Connect();
        var first = bench.Read();
        bench.Invalidate(3);
        var second = bench.Read(waiter: 2);
        bench.AcquireOk(second, 7);
        Holder.Complete(second);

        bench.AcquireOk(first, 5);
        Holder.Complete(first);

        Assert.Equal(7, bench.Copies.TryGet(bench.Key)!.Value.Version);
        Assert.True(bench.IsServable());
    }

    [Fact]
    public void L3_A_flight_without_a_source_is_asked_again_under_a_new_stamp()
    {
        var flight = bench.Connect().Read();
        bench.AcquireOk(flight, 5);

        Assert.True(Holder.Reopen(flight));
        Holder.Flush(bench.Now);

        Assert.False(Holder.Complete(flight));
        var again = bench.SentOf<Acquire>().Last().Items[0];
        Assert.True(again.Flight > (uint)flight);
        bench.AcquireOk(again.Flight, 6);
        Holder.Complete(bench.Handle(again.Flight));
        Assert.Equal([(1L, 6L)], bench.Answers);
    }

    [Fact]
    public void L4_An_invalidation_ends_the_copy_before_it_is_acknowledged()
    {
        bench.Connect().Hold(5);

        bench.Invalidate(6, number: 1);

        Assert.False(bench.IsServable());
        Assert.Equal([1u], Assert.Single(bench.SentOf<Ack>()).Numbers);
    }

    [Fact]
    public void L4_An_invalidation_leaves_a_copy_of_its_own_version_or_a_later_one()
    {
        bench.Connect().Hold(6);

        bench.Invalidate(6);

        Assert.True(bench.IsServable());
    }

    [Fact]
    public void L4_An_invalidation_of_another_session_or_epoch_is_neither_obeyed_nor_acknowledged()
    {
        bench.Connect().Hold(5);
        IReadOnlyList<KeyVersion> items = [new(bench.Key.Id, 9)];

        bench.Receive(new Invalidate(HolderBench.Instance, Holder.Session + 1, HolderBench.Epoch, 1, items, false));
        bench.Receive(new Invalidate(HolderBench.Instance, Holder.Session, HolderBench.Epoch + 1, 1, items, false));
        bench.Receive(new Invalidate(HolderBench.Instance + 1, Holder.Session, HolderBench.Epoch, 1, items, false));

        Assert.True(bench.IsServable());
        Assert.Empty(bench.SentOf<Ack>());
    }

    [Fact]
    public void L4_An_invalidation_of_all_ends_all_copies_and_poisons_all_flights()
    {
        var other = TestKeys.Key("x", 8);
        bench.Connect().Hold(5);
        var flight = bench.Read(key: other);

        bench.Receive(new Invalidate(HolderBench.Instance, Holder.Session, HolderBench.Epoch, 1, [], All: true));
        bench.AcquireOk(flight, 50, key: other);
        Holder.Complete(flight);

        Assert.False(bench.IsServable());
        Assert.False(bench.IsServable(other));
        bench.Hold(51);
        Assert.True(bench.IsServable());
    }

    [Fact]
    public void L4_Handled_invalidations_are_told_with_the_renewal_up_to_the_first_gap()
    {
        bench.Connect();

        bench.Invalidate(5, number: 1);
        bench.Invalidate(5, number: 3);
        bench.Advance(2000);
        bench.Invalidate(5, number: 2);
        bench.Advance(2000);

        Assert.Equal([1u, 3u], bench.SentOf<Renew>().Select(r => r.HandledThrough));
    }

    [Fact]
    public void L5_An_eviction_is_told_with_its_stamp_and_poisons_what_is_on_its_way()
    {
        bench.Connect();
        var write = Holder.BeginWrite(bench.Key, bench.Now);
        var stamp = bench.Hold(5);
        var registration = bench.Copies.TryGet(bench.Key)!.Value.Registration;

        bench.Copies.Stored.Remove(bench.Key);
        Holder.Evicted(bench.Key.Id, registration, bench.Now);
        bench.Advance(100);
        Holder.EndWrite(write, 9, registered: true);

        Assert.Equal(new EvictItem(bench.Key.Id, (uint)stamp), Assert.Single(Assert.Single(bench.SentOf<Evict>()).Items));
        Assert.False(bench.IsServable());
    }

    [Fact]
    public void L5_An_eviction_told_after_the_key_has_a_copy_again_is_not_passed_on()
    {
        bench.Connect().Hold(5);
        var registration = bench.Copies.TryGet(bench.Key)!.Value.Registration;
        bench.Copies.Stored.Remove(bench.Key);
        bench.Hold(5);

        Holder.Evicted(bench.Key.Id, registration, bench.Now);
        bench.Advance(100);

        Assert.Empty(bench.SentOf<Evict>());
        Assert.True(bench.IsServable());
    }

    [Fact]
    public void L5_An_eviction_is_not_passed_on_while_a_key_of_equal_hash_has_a_copy()
    {
        var other = TestKeys.Key("other", bench.Key.Id.Hash);
        bench.Connect().Hold(5);
        bench.Hold(6, other);
        var registration = bench.Copies.TryGet(other)!.Value.Registration;

        bench.Copies.Stored.Remove(other);
        Holder.Evicted(other.Id, registration, bench.Now);
        bench.Advance(100);

        Assert.Empty(bench.SentOf<Evict>());
    }

    [Fact]
    public void L6_The_lease_counts_from_the_sending_of_the_renewal()
    {
        bench.Connect();
        bench.Advance(2000);
        var renewal = Assert.Single(bench.SentOf<Renew>());

        bench.Now += 2500;
        bench.Receive(new Grant(HolderBench.Instance, Holder.Session, HolderBench.Epoch, renewal.Number));

        Assert.True(Holder.LeaseRuns(bench.Now + 2499));
        Assert.False(Holder.LeaseRuns(bench.Now + 2500));
    }

    [Fact]
    public void L6_A_grant_of_another_session_or_epoch_or_of_a_renewal_never_sent_is_ignored()
    {
        bench.Connect();
        bench.Advance(2000);

        bench.Receive(new Grant(HolderBench.Instance, Holder.Session + 1, HolderBench.Epoch, 1));
        bench.Receive(new Grant(HolderBench.Instance, Holder.Session, HolderBench.Epoch + 1, 1));
        bench.Receive(new Grant(HolderBench.Instance, Holder.Session, HolderBench.Epoch, 2));

        Assert.False(Holder.LeaseRuns(bench.Now + 3000));
    }

    [Fact]
    public void L6_A_late_grant_does_not_shorten_the_lease()
    {
        bench.Connect();
        bench.Advance(2000);
        bench.Advance(2000);

        bench.Receive(new Grant(HolderBench.Instance, Holder.Session, HolderBench.Epoch, 2));
        bench.Receive(new Grant(HolderBench.Instance, Holder.Session, HolderBench.Epoch, 1));

        Assert.True(Holder.LeaseRuns(bench.Now + 4999));
    }

    [Fact]
    public void L7_A_new_session_makes_all_copies_suspect_and_the_lease_begins_with_the_hello()
    {
        bench.Connect().Hold(5);

        bench.Connect();

        Assert.False(bench.IsServable());
        Assert.True(Holder.LeaseRuns(bench.Now));
        Assert.Equal([1u, 2u], bench.SentOf<Hello>().Select(h => h.Session));
    }

    [Fact]
    public void L7_Flights_are_asked_again_in_the_new_session()
    {
        var first = bench.Connect().Read();
        bench.AcquireOk(first, 5);

        bench.Connect();
        var again = bench.SentOf<Acquire>().Last();
        bench.AcquireOk(again.Items[0].Flight, 6);
        Assert.False(Holder.Complete(first));
        Holder.Complete(bench.Handle(again.Items[0].Flight));

        Assert.Equal(2u, again.Session);
        Assert.Equal([(1L, 6L)], bench.Answers);
        Assert.True(bench.IsServable());
    }

    [Fact]
    public void L7_A_lost_connection_ends_the_lease_and_nothing_is_heard_until_the_next_session()
    {
        bench.Connect().Hold(5);

        Holder.Disconnect(bench.Now);
        bench.Receive(new HelloOk(HolderBench.Instance, Holder.Session, HolderBench.Epoch));

        Assert.False(bench.IsServable());
        Assert.False(Holder.IsConnected);
    }

    [Fact]
    public void L7_A_refused_session_is_followed_by_the_next_one_in_the_epoch_that_was_named()
    {
        Holder.Connect(bench.Now);

        bench.Receive(new SessionRefused(HolderBench.Instance, 1, 8, RefusalReason.Epoch));

        Assert.Equal(new Hello(HolderBench.Instance, 2, 8), bench.SentOf<Hello>().Last());
    }

    [Fact]
    public void L7_A_hello_without_an_answer_is_followed_by_another_session()
    {
        Holder.Connect(bench.Now);

        bench.Advance(1000);

        Assert.Equal([1u, 2u], bench.SentOf<Hello>().Select(h => h.Session));
    }

    [Fact]
    public void L8_The_writers_own_copy_serves_where_it_was_registered()
    {
        bench.Connect();
        var write = Holder.BeginWrite(bench.Key, bench.Now);

        bench.Invalidate(9);
        bench.Receive(new WriteOk(HolderBench.Instance, Holder.Session, HolderBench.Epoch, 1, (uint)write, 9, Registered: true));

        Assert.True(bench.IsServable());
    }

    [Fact]
    public void L8_The_writers_own_copy_does_not_serve_when_poisoned_or_unregistered_or_of_another_session()
    {
        bench.Connect();
        var poisoned = Holder.BeginWrite(bench.Key, bench.Now);
        bench.Invalidate(10);
        Holder.EndWrite(poisoned, 9, registered: true);
        Assert.False(bench.IsServable());

        var unregistered = Holder.BeginWrite(bench.Key, bench.Now);
        Holder.EndWrite(unregistered, 11, registered: false);
        Assert.False(bench.IsServable());

        var former = Holder.BeginWrite(bench.Key, bench.Now);
        bench.Connect();
        Assert.False(Holder.EndWrite(former, 12, registered: true));
        Assert.False(bench.IsServable());
    }

    [Fact]
    public void Copies_of_immutable_keys_serve_without_a_lease()
    {
        var flight = bench.Connect().Read();
        bench.Receive(new AcquireOk(
            HolderBench.Instance, Holder.Session, HolderBench.Epoch, [new AcquireAnswer(bench.Key, (uint)flight, 5, AcquireStatus.Found) { Immutable = true }]));
        Holder.Complete(flight);

        Holder.Disconnect(bench.Now);
        bench.Now += 1_000_000;

        Assert.True(bench.IsServable());
    }

    [Fact]
    public void Time_to_live_counts_from_the_first_sending_shortened_by_the_clocks_error()
    {
        var flight = bench.Connect().Read();
        var sentAt = bench.Now;
        bench.Advance(2000);
        bench.Advance(10);
        Assert.Equal(2, bench.SentOf<Acquire>().Length);

        bench.Receive(new AcquireOk(
            HolderBench.Instance, Holder.Session, HolderBench.Epoch,
            [new AcquireAnswer(bench.Key, (uint)flight, 5, AcquireStatus.Found) { TimeToLive = TimeSpan.FromSeconds(101) }]));
        Holder.Complete(flight);

        Assert.InRange(bench.Copies.Expiries[bench.Key] - sentAt, 98_999, 99_000);
    }

    [Fact]
    public void Negative_copies_are_bounded_and_the_oldest_is_told_as_evicted()
    {
        var small = new HolderBench(new CoherenceOptions { NegativeCopiesMax = 2 }).Connect();
        var keys = Enumerable.Range(0, 3).Select(i => TestKeys.Key($"n{i}", (ulong)i)).ToArray();
        foreach (var key in keys)
        {
            var flight = small.Read(key: key);
            small.AcquireOk(flight, 5, AcquireStatus.Absent, key);
            small.Holder.Complete(flight);
        }

        small.Advance(100);

        Assert.Equal([false, true, true], keys.Select(k => small.IsServable(k)));
        Assert.Equal(keys[0].Id, Assert.Single(Assert.Single(small.SentOf<Evict>()).Items).Key);
    }

    [Fact]
    public void Available_serves_registered_copies_while_cut_off_until_MaxStale_and_never_an_overtaken_one()
    {
        var other = TestKeys.Key("x", 8);
        var available = new HolderBench(new CoherenceOptions { Mode = CoherenceMode.Available, MaxStale = TimeSpan.FromSeconds(60) }).Connect();
        available.Hold(5);
        available.Hold(6, other);
        available.Invalidate(7, key: other.Id);

        available.Holder.Disconnect(available.Now);
        available.Now += 59_999;

        Assert.True(available.IsServable());
        Assert.False(available.IsServable(other));
        available.Now += 1;
        Assert.False(available.IsServable());
    }

    [Fact]
    public void A_read_without_an_answer_is_sent_again_and_then_fails_as_cut_off()
    {
        bench.Connect().Read(waiter: 4);

        bench.Advance(2000);
        Assert.Equal(2, bench.SentOf<Acquire>().Length);
        bench.Advance(13_000);

        Assert.Equal([(4L, ReadFailure.CutOff)], bench.Failures);
        Assert.Equal(0, Holder.Flights);
    }

    [Fact]
    public void A_busy_authority_fails_the_read_at_once()
    {
        var flight = bench.Connect().Read(waiter: 4);

        bench.AcquireOk(flight, 0, AcquireStatus.Busy);

        Assert.Equal([(4L, ReadFailure.Busy)], bench.Failures);
    }

    [Fact]
    public void Reads_of_a_burst_go_out_in_one_message()
    {
        bench.Connect();
        for (var i = 0; i < 10; i++) Holder.Read(TestKeys.Key($"b{i}", (ulong)i), 0, i, bench.Now);

        Holder.Flush(bench.Now);

        Assert.Equal(10, Assert.Single(bench.SentOf<Acquire>()).Items.Count);
    }

    [Fact]
    public void Reads_of_long_keys_that_are_asked_again_at_once_go_out_in_messages_of_a_bounded_size()
    {
        const int keys = 600;
        bench.Connect();
        for (var i = 0; i < keys; i++) bench.Read(i, TestKeys.Key(new string('k', 60_000) + i, (ulong)i));
        bench.Sent.Clear();

        bench.Advance((long)bench.Options.ResendAfter.TotalMilliseconds + 1);

        var messages = bench.SentOf<Acquire>();
        Assert.Equal(Enumerable.Range(0, keys), messages.SelectMany(m => m.Items).Select(i => (int)i.Key.Id.Hash).Order());
        Assert.All(messages, m => Assert.InRange(m.Items.Sum(i => i.Key.Bytes.Length), 1, bench.Options.BatchKeyBytesMax));
    }

    [Fact]
    public void Flights_and_waiters_have_limits()
    {
        var small = new HolderBench(new CoherenceOptions { FlightsMax = 1, WaitersMax = 2 }).Connect();
        small.Read();

        Assert.Equal(ReadStart.Joined, small.Holder.Read(small.Key, 0, 2, small.Now));
        Assert.Equal(ReadStart.Busy, small.Holder.Read(small.Key, 0, 3, small.Now));
        Assert.Equal(ReadStart.Busy, small.Holder.Read(TestKeys.Key("x", 8), 0, 4, small.Now));
        Assert.Equal(0L, small.Holder.BeginWrite(small.Key, small.Now));
    }
}
