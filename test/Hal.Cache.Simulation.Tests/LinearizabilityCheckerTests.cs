using Hal.Cache.Testing.Simulation;
using static Hal.Cache.Testing.Simulation.OperationKind;

namespace Hal.Cache.Simulation.Tests;

public sealed class LinearizabilityCheckerTests
{
    [Fact]
    public void A_history_in_turn_is_linearizable_when_reads_see_the_last_write()
    {
        Assert.True(Check(Op(Set, 5, null, 0, 1), Op(Read, 0, 5, 2, 3), Op(Delete, 0, null, 4, 5), Op(Read, 0, null, 6, 7)));
        Assert.False(Check(Op(Set, 5, null, 0, 1), Op(Set, 6, null, 2, 3), Op(Read, 0, 5, 4, 5)));
    }

    [Fact]
    public void New_then_old_is_found_even_while_the_write_is_under_way()
    {
        Assert.True(Check(Op(Set, 5, null, 0, 10), Op(Read, 0, null, 1, 2), Op(Read, 0, 5, 3, 4)));
        Assert.False(Check(Op(Set, 5, null, 0, 10), Op(Read, 0, 5, 1, 2), Op(Read, 0, null, 3, 4)));
    }

    [Fact]
    public void A_write_without_an_outcome_may_have_happened_at_any_time_or_never()
    {
        Assert.True(Check(Op(Set, 5, null, 0, Operation.Never), Op(Read, 0, null, 1, 2), Op(Read, 0, 5, 30, 40)));
        Assert.True(Check(Op(Set, 5, null, 0, Operation.Never), Op(Read, 0, null, 1, 2)));
        Assert.False(Check(Op(Set, 5, null, 3, Operation.Never), Op(Read, 0, 5, 1, 2)));
    }

    [Fact]
    public void A_doubled_or_lost_increment_is_found()
    {
        Assert.True(Check(Op(Increment, 0, 2, 0, 10), Op(Increment, 0, 1, 0, 10), Op(Read, 0, 2, 11, 12)));
        Assert.False(Check(Op(Increment, 0, 1, 0, 1), Op(Read, 0, 2, 2, 3)));
        Assert.False(Check(Op(Increment, 0, 1, 0, 10), Op(Increment, 0, 1, 0, 10)));
    }

    [Fact]
    public void A_history_that_is_beyond_the_limit_is_an_error_and_no_verdict()
    {
        // Every order of the writes is tried for a read that none of them explains.
        Operation[] history = [.. Enumerable.Range(1, 14).Select(i => Op(Set, i, null, 0, 100)), Op(Read, 0, 99, 0, 100)];

        Assert.Throws<InvalidOperationException>(() => LinearizabilityChecker.IsLinearizable(history, configurationsMax: 1000));
    }

    [Fact]
    public void Operations_without_an_outcome_do_not_multiply_the_search()
    {
        Operation[] counts = [.. Enumerable.Range(0, 60).Select(i => Op(Increment, 0, null, i, Operation.Never)), Op(Read, 0, 30, 100, 101), Op(Read, 0, 61, 102, 103)];
        Operation[] writes = [.. Enumerable.Range(1, 60).Select(i => Op(Set, i, null, i, Operation.Never)), Op(Read, 0, 7, 100, 101), Op(Read, 0, 99, 102, 103)];

        Assert.False(LinearizabilityChecker.IsLinearizable(counts, configurationsMax: 10_000));
        Assert.False(LinearizabilityChecker.IsLinearizable(writes, configurationsMax: 10_000));
    }

    [Fact]
    public void The_search_agrees_with_trying_all_orders()
    {
        const int Seed = 20;
        var random = new Random(Seed);
        var outcomes = new int[2];
        for (var round = 0; round < 3000; round++)
        {
            var operations = new Operation[random.Next(1, 6)];
            for (var i = 0; i < operations.Length; i++)
            {
                var invoked = random.Next(10);
                var kind = (OperationKind)random.Next(4);
                long? result = kind == Read && random.Next(3) == 0 ? null : random.Next(1, 4);
                operations[i] = Op(kind, random.Next(1, 4), result, invoked, random.Next(8) == 0 ? Operation.Never : invoked + random.Next(1, 6));
            }

            var expected = TryAll(operations, [], null);
            Assert.True(expected == LinearizabilityChecker.IsLinearizable(operations), $"seed {Seed}, round {round}: {string.Join("; ", operations.Select(o => o.ToString()))}");
            outcomes[expected ? 1 : 0]++;
        }

        Assert.All(outcomes, count => Assert.InRange(count, 300, 2700));
    }

    private static bool TryAll(Operation[] all, HashSet<int> placed, long? state)
    {
        var left = Enumerable.Range(0, all.Length).Where(i => !placed.Contains(i)).ToArray();
        if (left.All(i => all[i].Returned == Operation.Never)) return true;
        foreach (var i in left)
        {
            var op = all[i];
            if (left.Any(j => all[j].Returned < op.Invoked)) continue;
            if (op.Kind == Read && op.Returned != Operation.Never && op.Result != state) continue;
            var after = op.Kind switch { Set => op.Argument, Increment => (state ?? 0) + 1, Delete => null, _ => state };
            if (op.Kind == Increment && op.Returned != Operation.Never && op.Result != after) continue;
            if (TryAll(all, [.. placed, i], after)) return true;
        }

        return false;
    }

    private static bool Check(params Operation[] operations) => LinearizabilityChecker.IsLinearizable(operations);

    private static Operation Op(OperationKind kind, long argument, long? result, long invoked, long returned) => new("k", kind, argument, result, invoked, returned);
}
