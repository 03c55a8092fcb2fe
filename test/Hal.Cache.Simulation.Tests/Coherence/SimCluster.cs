using Hal.Cache.Coherence;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>A root and leaves with clients under one seed: the classes that ship, over virtual time and a faulty network.</summary>
internal sealed class SimCluster
{
    public const int RootNode = 0;
    public const long TicksPerSecond = 1_000_000;

    // Once the faults have ended: longer than the authority's wait, several retries and a restart's grace together.
    private const long RecoveryMax = 20_000_000;

    private readonly List<Operation> history = [];
    private int running;
    private long lastValue;

    public SimCluster(int seed, SimSettings? settings = null, Mutation? mutation = null, CoherenceOptions? options = null)
    {
        (Settings, Mutation, Random) = (settings ?? new SimSettings(), mutation ?? new Mutation(), new Random(seed));
        Options = options ?? DefaultOptions(Settings.Rho);
        Options.DirectoryKeysMax = Settings.DirectoryKeysMax;
        Keys = new SimKeys(Settings.KeysPerHash);
        Network = new SimNetwork(Scheduler, Random);
        if (Settings.Delay is { } delay) Network.Direct = (_, _, message) => delay(Random, message);
        Root = new SimRoot(this, NewClock());
        Leaves = [.. Enumerable.Range(1, Settings.Leaves).Select(n => new SimLeaf(this, n, NewClock()))];
    }

    public SimSettings Settings { get; }

    public Mutation Mutation { get; }

    public CoherenceOptions Options { get; }

    public SimKeys Keys { get; }

    public Random Random { get; }

    public SimScheduler Scheduler { get; } = new();

    public SimNetwork Network { get; }

    public SimRoot Root { get; }

    public SimLeaf[] Leaves { get; }

    public bool Ended { get; private set; }

    public IReadOnlyList<Operation> History => history;

    /// <summary>Short times, and an authority that waits no longer than it must.</summary>
    public static CoherenceOptions DefaultOptions(double rho) => new()
    {
        LeaseDuration = TimeSpan.FromMilliseconds(900),
        AuthorityLeaseDuration = TimeSpan.FromMilliseconds(900 * (1 + rho) / (1 - rho)) + TimeSpan.FromTicks(20),
        ClockRateError = rho,
        InvalidateTimeout = TimeSpan.FromMilliseconds(200),
        HelloTimeout = TimeSpan.FromMilliseconds(300),
        ResendAfter = TimeSpan.FromMilliseconds(250),
        FlightTimeout = TimeSpan.FromSeconds(4),
        EvictDelay = TimeSpan.FromMilliseconds(10),
        RequestsMax = 64,
    };

    /// <summary>Runs clients and faults, heals, waits for the end; what was wrong, or null.</summary>
    public string? Run()
    {
        Network.Faults = Settings.Faults;
        for (var node = 0; node <= Settings.Leaves; node++)
        {
            for (var client = 0; client < Settings.ClientsPerNode; client++) StartClient(node);
        }

        ScheduleFaults();
        Scheduler.RunUntil(Settings.FaultsFor);
        Network.Faults = SimFaults.None;
        Network.Heal();
        var ended = Scheduler.RunUntil(Settings.FaultsFor + RecoveryMax, () => running == 0);
        Ended = true;
        if (!ended) return $"{running} operations or clients never came to an end";
        return LinearizabilityChecker.FindViolation(history) is { } key ? $"{key} is not linearizable" : null;
    }

    /// <summary>The operations on the key that a violation names, in the order of their calls.</summary>
    public string Tell(string? violation) =>
        string.Join('\n', history.Where(o => violation?.StartsWith($"{o.Key} ", StringComparison.Ordinal) == true).OrderBy(o => o.Invoked));

    /// <summary>Notes an operation, and how it ended once it has.</summary>
    public Action<bool, long?> Record(OperationKind kind, int key, long argument, Action? then = null)
    {
        var invoked = Scheduler.Now;
        var answered = false;
        return (known, result) =>
        {
            if (answered) return;
            answered = true;
            history.Add(new Operation($"k{key}", kind, argument, result, invoked, known ? Scheduler.Now : Operation.Never));
            then?.Invoke();
        };
    }

    public void Do(int node, OperationKind kind, int key, long argument, Action<bool, long?> done)
    {
        if (node != RootNode)
        {
            if (kind == OperationKind.Read) Leaves[node - 1].Read(key, done);
            else Leaves[node - 1].Write(kind, key, argument, done);
        }
        else
        {
            Root.Execute(kind, key, argument, null, (_, result, _) => done(true, result));
        }
    }

    public long NewValue() => ++lastValue * 1000;

    public int Source(int node, int attempt)
    {
        if (attempt > 0 && Random.Next(2) == 0) return RootNode;
        var other = Random.Next(Settings.Leaves + 1);
        return other == node ? RootNode : other;
    }

    private SimClock NewClock() => new(Scheduler, Rate());

    // The ends of the range are where a too short wait shows.
    private double Rate() => 1 + (Random.Next(3) switch { 0 => -1, 1 => 1, _ => (2 * Random.NextDouble()) - 1 } * Settings.Rho);

    private void StartClient(int node)
    {
        running++;
        Step(node, Settings.OperationsPerClient);
    }

    private void Step(int node, int left)
    {
        if (left == 0)
        {
            running--;
            return;
        }

        Scheduler.After(Random.Next(1000, Settings.ThinkMax), () =>
        {
            if (node == RootNode ? !Root.IsUp : !Leaves[node - 1].IsUp)
            {
                Step(node, left - 1);
                return;
            }

            var key = Random.Next(Settings.Keys);
            // The first key is a counter.
            var kind = Random.NextDouble() >= Settings.Writes ? OperationKind.Read
                : key == 0 ? OperationKind.Increment : Random.Next(6) == 0 ? OperationKind.Delete : OperationKind.Set;
            var argument = kind == OperationKind.Set ? NewValue() : 0;
            var generation = node == RootNode ? Root.Generation : 0;
            var done = Record(kind, key, argument, () => Step(node, left - 1));
            if (node == RootNode) WatchRoot(generation, done);
            Do(node, kind, key, argument, done);
        });
    }

    // A client of the root that crashed never hears.
    private void WatchRoot(int generation, Action<bool, long?> done)
    {
        if (Root.Generation != generation) done(false, null);
        else if (!Ended) Scheduler.After(300_000, () => WatchRoot(generation, done));
    }

    private void ScheduleFaults()
    {
        for (var i = 0; i < Settings.RootCrashes; i++)
        {
            At(() =>
            {
                if (!Root.IsUp) return;
                Root.Crash();
                Scheduler.After(Random.Next(10_000, 500_000), Root.Start);
            });
        }

        for (var i = 0; i < Settings.LeafCrashes; i++)
        {
            At(() =>
            {
                var leaf = AnyLeaf();
                if (!leaf.IsUp) return;
                leaf.Crash(losesDisk: Random.Next(3) == 0);
                Scheduler.After(Random.Next(10_000, 800_000), leaf.Start);
            });
        }

        for (var i = 0; i < Settings.Cuts; i++)
        {
            At(() =>
            {
                var (node, way) = (AnyLeaf().Node, Random.Next(3));
                Cut(node, way, true);
                Scheduler.After(Random.Next(100_000, 2_000_000), () => Cut(node, way, false));
            });
        }

        for (var i = 0; i < Settings.FlushAlls; i++) At(FlushAll);
        for (var i = 0; i < Settings.PairWrites; i++) At(WritePair);
        for (var i = 0; i < Settings.Pauses; i++) At(() => AnyLeaf().Pause(Random.Next(50_000, 2_000_000)));
        for (var i = 0; i < Settings.Evictions; i++) At(() => AnyLeaf().Evict(Random.Next(Settings.Keys)));
        for (var i = 0; i < Settings.Reconnects; i++) At(() => AnyLeaf().Reconnect());
        for (var i = 0; i < Settings.ClockChanges; i++) At(() => (Random.Next(2) == 0 ? Root.Clock : AnyLeaf().Clock).SetRate(Rate()));
    }

    private void FlushAll()
    {
        if (!Root.IsUp) return;
        var records = Enumerable.Range(0, Settings.Keys).Select(k => Track(Record(OperationKind.Delete, k, 0))).ToArray();
        Root.FlushAll(() => Array.ForEach(records, r => r(true, null)));
    }

    private void WritePair()
    {
        if (!Root.IsUp || Settings.Keys < 3) return;
        var (first, value) = (Random.Next(1, Settings.Keys - 1), NewValue());
        var records = new[] { first, first + 1 }.Select(k => Track(Record(OperationKind.Set, k, value))).ToArray();
        Root.ExecuteMany([first, first + 1], value, () => Array.ForEach(records, r => r(true, value)));
    }

    private Action<bool, long?> Track(Action<bool, long?> done)
    {
        WatchRoot(Root.Generation, done);
        return done;
    }

    private void Cut(int node, int way, bool isCut)
    {
        if (way != 1) Network.Cut(node, RootNode, isCut);
        if (way != 2) Network.Cut(RootNode, node, isCut);
    }

    private void At(Action action) => Scheduler.After(Random.NextInt64(Settings.FaultsFor), action);

    private SimLeaf AnyLeaf() => Leaves[Random.Next(Leaves.Length)];
}
