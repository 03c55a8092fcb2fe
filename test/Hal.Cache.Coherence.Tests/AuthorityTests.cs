using Hal.Cache.Coherence.Messages;
using Hal.Cache.Coherence.Tests.Support;
using static Hal.Cache.Coherence.Tests.Support.AuthorityBench;

namespace Hal.Cache.Coherence.Tests;

public sealed class AuthorityTests
{
    private readonly AuthorityBench bench = new();

    private Authority Authority => bench.Authority;

    [Fact]
    public void A1_A_hello_of_the_epoch_begins_a_session_and_one_of_another_epoch_is_told_the_epoch()
    {
        bench.Receive(new Hello(One, 1, 9));
        Assert.Equal(new SessionRefused(One, 1, 1, RefusalReason.Epoch), bench.Sent[^1]);
        Assert.Equal(0, Authority.Sessions);

        bench.Hello(One, 2);

        Assert.Contains(new HelloOk(One, 2, 1), bench.Sent);
        Assert.Equal(1, Authority.Sessions);
    }

    [Fact]
    public void A1_An_old_or_repeated_hello_changes_nothing_even_after_the_session_ended()
    {
        bench.Hello(One, 5);
        bench.Hello(One, 5);
        bench.Hello(One, 4);
        Assert.Single(bench.SentOf<HelloOk>());

        bench.Advance(5500);
        bench.Hello(One, 5);

        Assert.Equal(0, Authority.Sessions);
        Assert.Single(bench.SentOf<HelloOk>());
    }

    [Fact]
    public void A1_A_new_session_ends_the_waits_for_the_former_one()
    {
        bench.Hello(One).Hello(Two).Register(One);
        var ticket = bench.Change(2).Ticket;

        bench.Hello(One, 2);

        Assert.Equal([(ticket, false)], bench.PublishedTickets);
    }

    [Fact]
    public void A1_What_a_former_session_registered_is_not_invalidated_any_more()
    {
        bench.Hello(One).Register(One);
        bench.Hello(One, 2);

        Assert.Equal(0, bench.Change(2).Ticket);
        Assert.Empty(bench.SentOf<Invalidate>());
    }

    [Fact]
    public void A2_A_renewal_is_granted_unless_an_invalidation_is_unanswered_for_too_long()
    {
        bench.Hello(One).Register(One);
        bench.Renew(One, 1);
        bench.Change(2);
        bench.Advance(1000);
        bench.Renew(One, 2);
        bench.Advance(1);
        bench.Renew(One, 3);

        Assert.Equal([1u, 2u], bench.SentOf<Grant>().Select(g => g.Number));
    }

    [Fact]
    public void A2_A_renewal_acknowledges_what_it_says_is_handled()
    {
        bench.Hello(One).Register(One);
        var ticket = bench.Change(2).Ticket;

        bench.Renew(One, 1, handled: 1);

        Assert.Equal([(ticket, false)], bench.PublishedTickets);
        Assert.Single(bench.SentOf<Grant>());
    }

    [Fact]
    public void A2_A_renewal_of_a_session_that_is_not_live_is_refused()
    {
        bench.Hello(One);

        bench.Renew(One, 1, session: 2);
        bench.Renew(Two, 1);

        Assert.Equal([(One, 2u), (Two, 1u)], bench.SentOf<SessionRefused>().Select(r => (r.Instance, r.Session)));
    }

    [Fact]
    public void A3_A_silent_holder_is_waited_for_until_its_timer_ends_and_not_longer()
    {
        bench.Hello(One).Register(One);
        bench.Renew(One, 1);
        var ticket = bench.Change(2).Ticket;

        bench.Advance(5499);
        Assert.Empty(bench.PublishedTickets);
        bench.Advance(1);

        Assert.Equal([(ticket, false)], bench.PublishedTickets);
        Assert.Equal(AcquireOutcome.Refused, bench.Register(One).Outcome);
    }

    [Fact]
    public void A4_An_acquire_is_held_while_a_round_runs_and_released_with_it()
    {
        bench.Hello(One).Hello(Two).Register(One);
        bench.Change(2);

        Assert.Equal(AcquireOutcome.Held, bench.Register(Two, token: 77).Outcome);
        Assert.Empty(bench.ReleasedTokens);
        bench.Ack(One);

        Assert.Equal([77L], bench.ReleasedTokens);
        Assert.Equal(new AcquireResult(AcquireOutcome.Registered, 0), bench.Register(Two));
    }

    [Fact]
    public void A4_An_answer_waits_for_the_log_but_its_holder_is_invalidated_meanwhile()
    {
        bench.Hello(One);
        var first = bench.Change(2, position: 10).Ticket;

        Assert.Equal(new AcquireResult(AcquireOutcome.Registered, first), bench.Register(One));
        bench.Change(3, position: 20);

        Assert.Equal(3, Assert.Single(bench.SentOf<Invalidate>()).Items[0].Version);
        Authority.Durable(10);
        Assert.Equal([(first, false)], bench.PublishedTickets);
    }

    [Fact]
    public void A4_An_acquire_of_another_session_or_epoch_is_refused()
    {
        bench.Hello(One, 2);

        Assert.Equal(AcquireOutcome.Refused, bench.Register(One, session: 1).Outcome);
        Assert.Equal(AcquireOutcome.Refused, Authority.Register(One, 2, 7, bench.Key, 1, 0).Outcome);
        Assert.Equal(0, Authority.DirectoryKeys);
    }

    [Fact]
    public void A4_Held_acquires_have_a_limit()
    {
        var small = new AuthorityBench(new CoherenceOptions { HeldMax = 1 }).Hello(One);
        small.Register(One);
        small.Change(2);

        Assert.Equal(AcquireOutcome.Held, small.Register(One, 2).Outcome);
        Assert.Equal(AcquireOutcome.Busy, small.Register(One, 3).Outcome);
    }

    [Fact]
    public void A5_A_change_invalidates_every_holder_and_the_writer_too()
    {
        bench.Hello(One).Hello(Two);
        bench.Register(One);
        bench.Register(Two);

        bench.Change(2, writer: new WriterMark(One, 1, 2));

        Assert.Equal([One, Two], bench.SentOf<Invalidate>().Select(i => i.Instance).Order());
    }

    [Fact]
    public void A5_A_change_during_a_round_sends_nothing_and_is_published_after_it()
    {
        bench.Hello(One).Register(One);
        var first = bench.Change(2).Ticket;
        var second = bench.Change(3).Ticket;

        Assert.Single(bench.SentOf<Invalidate>());
        Assert.Empty(bench.PublishedTickets);
        bench.Ack(One);

        Assert.Equal([(first, false), (second, false)], bench.PublishedTickets);
    }

    [Fact]
    public void A5_A_change_of_a_key_without_holders_is_published_at_once()
    {
        bench.Hello(One);

        Assert.Equal(default, bench.Change(2));
        Assert.Equal(0, Authority.Ticket(bench.Key));
    }

    [Fact]
    public void A6_Only_the_acknowledgement_of_this_round_and_session_ends_the_wait()
    {
        bench.Hello(One).Hello(Two).Register(One);
        bench.Change(2);

        bench.Ack(One, number: 2);
        bench.Ack(One, number: 1, session: 9);
        bench.Ack(Two, number: 1);
        bench.Receive(new Ack(One, 1, 9, [1]));
        Assert.Empty(bench.PublishedTickets);
        bench.Ack(One, number: 1);
        bench.Ack(One, number: 1);

        Assert.Single(bench.PublishedTickets);
    }

    [Fact]
    public void A6_A_repeated_acknowledgement_does_not_touch_a_later_registration()
    {
        bench.Hello(One).Register(One, 1);
        bench.Change(2);
        bench.Ack(One);
        bench.Register(One, 2);

        bench.Ack(One);

        Assert.Equal(1, Authority.DirectoryHolders);
    }

    [Fact]
    public void A6_An_eviction_ends_a_registration_only_with_its_stamp_or_a_later_one()
    {
        bench.Hello(One);
        bench.Register(One, 5);
        bench.Register(One, 3);

        bench.Receive(new Evict(One, 1, 1, [new EvictItem(bench.Key, 4)]));
        Assert.Equal(1, Authority.DirectoryHolders);
        bench.Receive(new Evict(One, 1, 1, [new EvictItem(bench.Key, 5)]));

        Assert.Equal(0, Authority.DirectoryHolders);
    }

    [Fact]
    public void A7_A_version_is_published_when_the_holders_answered_and_the_log_has_it()
    {
        bench.Hello(One).Register(One);
        var ticket = bench.Change(2, position: 10).Ticket;
        Assert.Equal(ticket, Authority.Ticket(bench.Key));

        bench.Ack(One);
        Authority.Durable(9);
        Assert.Empty(bench.PublishedTickets);
        Authority.Durable(10);

        Assert.Equal([(ticket, false)], bench.PublishedTickets);
        Assert.Equal(0, Authority.Ticket(bench.Key));
    }

    [Fact]
    public void A7_The_writer_is_registered_when_its_version_is_published_and_still_the_newest()
    {
        bench.Hello(One);
        var first = bench.Change(2, position: 1, writer: new WriterMark(One, 1, 4)).Ticket;
        var second = bench.Change(3, position: 2, writer: new WriterMark(One, 1, 5)).Ticket;

        Authority.Durable(2);

        Assert.Equal([(first, false), (second, true)], bench.PublishedTickets);
        bench.Change(4);
        Assert.Single(bench.SentOf<Invalidate>());
    }

    [Fact]
    public void A7_The_writer_of_a_former_session_is_not_registered()
    {
        bench.Hello(One);
        bench.Change(2, position: 1, writer: new WriterMark(One, 1, 4));
        bench.Hello(One, 2);

        Authority.Durable(1);

        Assert.False(Assert.Single(bench.PublishedTickets).Registered);
        Assert.Equal(0, Authority.DirectoryHolders);
    }

    [Fact]
    public void A7_Several_keys_are_published_as_one_step_after_what_is_open_on_each()
    {
        var other = new KeyId(8, 0);
        bench.Hello(One).Hello(Two);
        bench.Register(One);
        bench.Register(Two, key: other);
        var single = bench.Change(2).Ticket;

        var both = Authority.Changed([new(bench.Key, 3), new(other, 4)], 0, bench.Now).Ticket;
        bench.Ack(Two);
        Assert.Empty(bench.PublishedTickets);
        Assert.Equal(both, Authority.Ticket(other));
        bench.Ack(One);

        Assert.Equal([(single, false), (both, false)], bench.PublishedTickets);
    }

    [Fact]
    public void A5_An_instance_that_is_to_hear_of_a_change_is_waited_for_without_a_copy_once()
    {
        bench.Hello(One).Hello(Two);
        Assert.True(Authority.Include(One, bench.Key));

        var ticket = bench.Change(2).Ticket;

        Assert.Equal(One, Assert.Single(bench.SentOf<Invalidate>()).Instance);
        Assert.Empty(bench.PublishedTickets);
        bench.Ack(One);
        Assert.Equal([(ticket, false)], bench.PublishedTickets);
        Assert.Equal(0, bench.Change(3).Ticket); // it holds nothing for it
    }

    [Fact]
    public void A5_An_instance_that_is_to_hear_of_a_change_hears_of_it_while_an_earlier_round_on_the_key_is_open()
    {
        bench.Hello(One).Hello(Two).Register(Two);
        var first = bench.Change(2).Ticket;
        Assert.True(Authority.Include(One, bench.Key));
        var second = bench.Change(3).Ticket;

        bench.Ack(Two);
        Assert.Equal([(first, false)], bench.PublishedTickets);
        bench.Ack(One);

        Assert.Equal([(first, false), (second, false)], bench.PublishedTickets);
    }

    [Fact]
    public void A3_An_instance_without_a_live_session_is_not_waited_for()
    {
        Assert.False(Authority.Include(One, bench.Key));
        bench.Hello(One).Hello(Two);
        bench.Advance(5500);

        Assert.False(Authority.Include(One, bench.Key));
        Assert.Equal(0, bench.Change(2).Ticket);
    }

    [Fact]
    public void A7_An_earlier_change_does_not_wait_for_a_later_one_with_more_keys()
    {
        var other = new KeyId(8, 0);
        bench.Hello(One).Hello(Two);
        bench.Register(One);
        bench.Register(Two, key: other);
        var single = bench.Change(2).Ticket;
        Authority.Changed([new(bench.Key, 3), new(other, 4)], 0, bench.Now);

        bench.Ack(One);

        Assert.Equal([(single, false)], bench.PublishedTickets);
    }

    [Fact]
    public void A8_After_a_restart_nothing_is_published_or_answered_until_the_grace_ends()
    {
        var restarted = new AuthorityBench(epoch: 2, anyGrace: true);
        restarted.Hello(One);
        var ticket = restarted.Change(2).Ticket;

        Assert.Equal(AcquireOutcome.Held, restarted.Register(One).Outcome);
        Assert.NotEqual(0, restarted.Authority.Ticket(new KeyId(99, 0)));
        restarted.Advance(5499);
        Assert.Empty(restarted.PublishedTickets);
        restarted.Advance(1);

        Assert.Contains((ticket, false), restarted.PublishedTickets);
        Assert.Single(restarted.ReleasedTokens);
        Assert.Equal(0, restarted.Authority.Ticket(new KeyId(99, 0)));
    }

    [Fact]
    public void A8_The_grace_ends_when_all_known_instances_have_begun_a_session_in_the_new_epoch()
    {
        var restarted = new AuthorityBench(epoch: 2, grace: [One, Two]);
        var ticket = restarted.Change(2).Ticket;

        restarted.Hello(One);
        restarted.Receive(new Hello(Two, 1, 1));
        Assert.Empty(restarted.PublishedTickets);
        restarted.Hello(Two, 2);

        Assert.Contains((ticket, false), restarted.PublishedTickets);
        Assert.False(restarted.Authority.InGrace);
    }

    [Fact]
    public void A_change_of_all_keys_is_one_message_for_each_session_and_published_after_all_that_is_open()
    {
        bench.Hello(One).Hello(Two).Register(One);
        var single = bench.Change(2).Ticket;

        var all = Authority.ChangedAll(0, bench.Now).Ticket;
        bench.Ack(One, 2);
        bench.Ack(Two, 1);
        Assert.Equal(AcquireOutcome.Held, bench.Register(Two, key: new KeyId(99, 3)).Outcome);
        bench.Ack(One, 1);

        Assert.Equal([(single, false), (all, false)], bench.PublishedTickets);
        Assert.Equal(2, bench.SentOf<Invalidate>().Count(i => i.All));
    }

    [Fact]
    public void The_first_session_waits_for_the_barrier_and_for_what_was_written_before_it()
    {
        Assert.True(Authority.IsIdle);
        bench.Receive(new Hello(One, 1, 1));
        Assert.False(Authority.IsIdle);
        Assert.Equal(1, bench.Barriers);
        Assert.Equal(AcquireOutcome.Held, bench.Register(One, token: 5).Outcome);

        Authority.Barrier(30);
        Assert.Equal([5L], bench.ReleasedTokens);
        var answer = bench.Register(One);
        Assert.NotEqual(0, answer.Ticket);
        Authority.Durable(30);

        Assert.Contains((answer.Ticket, false), bench.PublishedTickets);
    }

    [Fact]
    public void An_authority_without_sessions_is_idle_again()
    {
        bench.Hello(One);

        bench.Advance(5500);

        Assert.True(Authority.IsIdle);
    }

    [Fact]
    public void A_full_directory_forgets_cold_keys_by_invalidating_them_and_refuses_beyond_its_hard_limit()
    {
        var small = new AuthorityBench(new CoherenceOptions { DirectoryKeysMax = 8 }).Hello(One);
        for (ulong i = 0; i < 10; i++) Assert.Equal(AcquireOutcome.Registered, small.Register(One, key: new KeyId(i, 0)).Outcome);
        Assert.Equal(AcquireOutcome.Busy, small.Register(One, key: new KeyId(10, 0)).Outcome);

        for (var i = 0; i < 4; i++) small.Advance(1);

        Assert.Equal(8, small.Authority.DirectoryKeys);
        var forgotten = small.SentOf<Invalidate>();
        Assert.Equal(2, forgotten.Length);
        Assert.All(forgotten, i => Assert.Equal(long.MaxValue, i.Items[0].Version));
        Assert.Equal(0, small.Authority.Ticket(forgotten[0].Items[0].Key));
        Assert.NotEqual(0, small.Change(2, key: forgotten[0].Items[0].Key).Ticket);
    }

    [Fact]
    public void Registrations_of_ended_sessions_are_swept()
    {
        bench.Hello(One).Hello(Two);
        for (ulong i = 0; i < 1000; i++) bench.Register(One, key: new KeyId(i * 77, 0));
        bench.Register(Two, key: new KeyId(77, 0));
        bench.Hello(One, 2);

        for (var i = 0; i < 256; i++) Authority.Tick(bench.Now);

        Assert.Equal(1, Authority.DirectoryHolders);
        Assert.Equal(1, Authority.DirectoryKeys);
    }

    [Fact]
    public void A_session_that_leaves_too_much_unanswered_registers_nothing_more()
    {
        var small = new AuthorityBench(new CoherenceOptions { UnansweredMax = 1 }).Hello(One);
        small.Register(One);
        small.Change(2);

        Assert.Equal(AcquireOutcome.Busy, small.Register(One, key: new KeyId(8, 0)).Outcome);
    }

    [Fact]
    public void Instances_have_a_limit()
    {
        var small = new AuthorityBench(new CoherenceOptions { InstancesMax = 1 }).Hello(One).Hello(Two);

        Assert.Equal(new SessionRefused(Two, 1, 1, RefusalReason.Busy), small.Sent[^1]);
    }
}
