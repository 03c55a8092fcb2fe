using Hal.Cache.Coherence.Messages;
using Xunit.Abstractions;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>With any one rule broken the simulation finds a violation: what it does not find, it would not find in the product either.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int SeedsMax = 1500;

    private static readonly SimSettings Usual = new() { OperationsPerClient = 40, ThinkMax = 60_000, Keys = 2 };

    private static readonly SimSettings Calm = Usual with { RootCrashes = 0, LeafCrashes = 0, Pauses = 0, Evictions = 0 };

    private static readonly SimSettings Evicting = Usual with { RootCrashes = 0, LeafCrashes = 0, Pauses = 0, Evictions = 400, Writes = 0.5 };

    // Old messages meet new ones: many are doubled, many late, and none lost, so that leases last.
    private static readonly SimSettings Late = Evicting with { Faults = new(0, 0.4, 0.3, 200, 30_000, 600_000), ThinkMax = 30_000 };

    private static readonly SimSettings LateEvictions = Late with
    {
        Leaves = 2, Keys = 1, Delay = (random, message) => message is Evict ? random.Next(500_000) : null, Evictions = 80, Writes = 0.2, OperationsPerClient = 120,
    };

    private static readonly SimSettings LateReplies = LateEvictions with
    {
        Faults = new(0, 0, 0, 200, 10_000, 0), Delay = (random, message) => message is WriteReply ? random.Next(250_000) : null, Evictions = 300, Writes = 0.4,
    };

    private static readonly SimSettings CutOff = Calm with
    {
        Faults = new(0.03, 0.05, 0.3, 200, 30_000, 3_000_000), Cuts = 10, ClientsPerNode = 4,
    };

    private static readonly SimSettings Crashing = Usual with { RootCrashes = 5, Cuts = 4 };

    private static readonly Dictionary<string, (Func<Mutation> Make, SimSettings Settings)> Table = new(StringComparer.Ordinal)
    {
        [nameof(Mutations.RegisterLate)] = (() => new Mutations.RegisterLate(), Usual),
        [nameof(Mutations.IgnorePoison)] = (() => new Mutations.IgnorePoison(), Usual),
        [nameof(Mutations.AnswerDuringRound)] = (() => new Mutations.AnswerDuringRound(), Usual),
        [nameof(Mutations.VisibleEarly)] = (() => new Mutations.VisibleEarly(), Calm),
        [nameof(Mutations.AcknowledgeBeforeFlush)] = (() => new Mutations.AcknowledgeBeforeFlush(), Crashing),
        [nameof(Mutations.NoGrace)] = (() => new Mutations.NoGrace(), Crashing),
        [nameof(Mutations.HelloWithoutEpoch)] = (() => new Mutations.HelloWithoutEpoch(), Crashing with { Reconnects = 40, LeafCrashes = 0, Pauses = 0 }),
        [nameof(Mutations.WithoutSession)] = (() => new Mutations.WithoutSession(), Calm with { Reconnects = 40 }),
        [nameof(Mutations.ShortTimer)] = (() => new Mutations.ShortTimer(), Calm with { Cuts = 8 }),
        [nameof(Mutations.LeaseFromReceipt)] = (() => new Mutations.LeaseFromReceipt(), Calm with { Cuts = 8 }),
        [nameof(Mutations.TrustDisk)] = (() => new Mutations.TrustDisk(), Usual with { LeafCrashes = 6 }),
        [nameof(Mutations.WriterLeftOut)] = (() => new Mutations.WriterLeftOut(), Calm),
        [nameof(Mutations.WriterUnregistered)] = (() => new Mutations.WriterUnregistered(), Calm),
        [nameof(Mutations.SourceAtLeast)] = (() => new Mutations.SourceAtLeast(), Usual),
        [nameof(Mutations.SourceAny)] = (() => new Mutations.SourceAny(), Usual with { SmallValues = 0 }),
        [nameof(Mutations.ChunkAny)] = (() => new Mutations.ChunkAny(), Usual with { SmallValues = 0 }),
        [nameof(Mutations.EvictWithoutStamp)] = (() => new Mutations.EvictWithoutStamp(), Evicting),
        [nameof(Mutations.LastStamp)] = (() => new Mutations.LastStamp(), LateEvictions),
        [nameof(Mutations.EvictWithoutPoison)] = (() => new Mutations.EvictWithoutPoison(), LateReplies),
        [nameof(Mutations.JoinWithoutLease)] = (() => new Mutations.JoinWithoutLease(), CutOff),
        [nameof(Mutations.JoinPoisoned)] = (() => new Mutations.JoinPoisoned(), Usual),
        [nameof(Mutations.SleepUncounted)] = (() => new Mutations.SleepUncounted(), Calm with { Pauses = 8, ClockChanges = 0 }),
        [nameof(Mutations.NoLeaseTimer)] = (() => new Mutations.NoLeaseTimer(), Usual),
    };

    public static TheoryData<string> Names => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_broken_rule_is_found(string name)
    {
        var (make, settings) = Table[name];
        for (var seed = 1; seed <= SeedsMax; seed++)
        {
            if (new SimCluster(seed, settings, make()).Run() is not { } violation || violation.Contains("never", StringComparison.Ordinal) != (name == nameof(Mutations.NoLeaseTimer))) continue;
            output.WriteLine($"{name}: seed {seed}: {violation}");
            var whole = new SimCluster(seed, settings).Run();
            Assert.True(whole is null, $"{name}: seed {seed} fails with all rules in place: {whole}");
            return;
        }

        Assert.Fail($"{name}: nothing found in {SeedsMax} seeds");
    }
}
