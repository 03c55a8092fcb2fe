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
    private readonly SimLeaf[][] machines;
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
        Roots = [.. Enumerable.Range(0, Settings.Roots).Select(r => new SimRoot(this, r == 0 ? RootNode : Settings.Leaves + r, NewClock()))];
        machines = new SimLeaf[Settings.Leaves][];
        for (var n = 0; n < Settings.Leaves; n++)
        {
            var (machine, clock, disk) = (n, NewClock(), new SimDisk(n + 1));
            Network.Attach(n + 1, (from, received) => Array.ForEach(machines[machine], part => part.Receive(from, received)));
            machines[n] = [.. Roots.Select(root => new SimLeaf(this, machine + 1, clock, root, disk))];
        }

        Leaves = [.. machines.SelectMany(parts => parts)];
    }

    public SimSettings Settings { get; }

    public Mutation Mutation { get; }

    public CoherenceOptions Options { get; }

    public SimKeys Keys { get; }

    public Random Random { get; }

    public SimScheduler Scheduler { get; } = new();

    public SimNetwork Network { get; }

    public SimRoot[] Roots { get; }

    /// <summary>The one root, or the first.</summary>
    public SimRoot Root => Roots[0];

    /// <summary>All leaves, each in as many parts as there are roots.</summary>
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
        for (var node = 0; node < Settings.Leaves + Roots.Length; node++)
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
        if (RootAt(node) is null)
        {
            var part = machines[node - 1][Array.IndexOf(Roots, RootOf(key))];
            if (kind == OperationKind.Read) part.Read(key, done);
            else part.Write(kind, key, argument, done);
        }
        else
        {
            RootOf(key).Execute(kind, key, argument, null, (_, result, _) => done(true, result));
        }
    }

    public SimRoot RootOf(int key) => Roots[key % Roots.Length];

    public long NewValue() => ++lastValue * 1000;

    public int Source(int node, SimRoot root, int attempt)
    {
        if (attempt > 0 && Random.Next(2) == 0) return root.Node;
        var other = Random.Next(Settings.Leaves + 1);
        return other == node || other == RootNode ? root.Node : other;
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
            if (RootAt(node) is { } own ? !own.IsUp : !machines[node - 1][0].IsUp)
            {
                Step(node, left - 1);
                return;
            }

            var key = Random.Next(Settings.Keys);
            // A root passes on what is another root's.
            var root = RootAt(node) is null ? null : RootOf(key);
            if (root is { IsUp: false })
            {
                Step(node, left - 1);
                return;
            }

            // The first key is a counter.
            var kind = Random.NextDouble() >= Settings.Writes ? OperationKind.Read
                : key == 0 ? OperationKind.Increment : Random.Next(6) == 0 ? OperationKind.Delete : OperationKind.Set;
            var argument = kind == OperationKind.Set ? NewValue() : 0;
            var generation = root?.Generation ?? 0;
            var done = Record(kind, key, argument, () => Step(node, left - 1));
            if (root is not null) WatchRoot(root, generation, done);
            Do(node, kind, key, argument, done);
        });
    }

    // A client of the root that crashed never hears.
    private void WatchRoot(SimRoot root, int generation, Action<bool, long?> done)
    {
        if (root.Generation != generation) done(false, null);
        else if (!Ended) Scheduler.After(300_000, () => WatchRoot(root, generation, done));
    }

    private SimRoot? RootAt(int node) => Array.Find(Roots, root => root.Node == node);

    private void ScheduleFaults()
    {
        for (var i = 0; i < Settings.RootCrashes; i++)
        {
            At(() =>
            {
                var root = AnyRoot();
                if (!root.IsUp) return;
                root.Crash();
                Scheduler.After(Random.Next(10_000, 500_000), root.Start);
            });
        }

        for (var i = 0; i < Settings.LeafCrashes; i++)
        {
            At(() =>
            {
                var leaf = AnyLeaf();
                if (!leaf[0].IsUp) return;
                var losesDisk = Random.Next(3) == 0;
                foreach (var part in leaf) part.Crash(losesDisk && part == leaf[0]);
                Scheduler.After(Random.Next(10_000, 800_000), () => Array.ForEach(leaf, part => part.Start()));
            });
        }

        for (var i = 0; i < Settings.Cuts; i++)
        {
            At(() =>
            {
                var (node, way, root) = (AnyLeaf()[0].Node, Random.Next(3), AnyRoot().Node);
                Cut(node, root, way, true);
                Scheduler.After(Random.Next(100_000, 2_000_000), () => Cut(node, root, way, false));
            });
        }

        for (var i = 0; i < Settings.FlushAlls; i++) At(FlushAll);
        for (var i = 0; i < Settings.PairWrites; i++) At(WritePair);
        for (var i = 0; i < Settings.Pauses; i++) At(PauseAny);
        for (var i = 0; i < Settings.Evictions; i++) At(EvictAny);
        for (var i = 0; i < Settings.Reconnects; i++) At(() => AnyPart().Reconnect());
        for (var i = 0; i < Settings.ClockChanges; i++) At(() => (Random.Next(2) == 0 ? AnyRoot().Clock : AnyLeaf()[0].Clock).SetRate(Rate()));
    }

    private void PauseAny()
    {
        var (leaf, time) = (AnyLeaf(), Random.Next(50_000, 2_000_000));
        foreach (var part in leaf) part.Pause(time);
    }

    private void EvictAny()
    {
        var (leaf, key) = (AnyLeaf(), Random.Next(Settings.Keys));
        leaf[Array.IndexOf(Roots, RootOf(key))].Evict(key);
    }

    // One root after the other, and each by itself.
    private void FlushAll()
    {
        foreach (var root in Roots.Where(r => r.IsUp))
        {
            var records = Enumerable.Range(0, Settings.Keys).Where(k => RootOf(k) == root).Select(k => Track(root, Record(OperationKind.Delete, k, 0))).ToArray();
            root.FlushAll(() => Array.ForEach(records, r => r(true, null)));
        }
    }

    private void WritePair()
    {
        if (!Root.IsUp || Settings.Keys < 3) return;
        var (first, value) = (Random.Next(1, Settings.Keys - 1), NewValue());
        var (root, second) = (RootOf(first), first + Roots.Length);
        if (!root.IsUp || second >= Settings.Keys) return;
        var records = new[] { first, second }.Select(k => Track(root, Record(OperationKind.Set, k, value))).ToArray();
        root.ExecuteMany([first, second], value, () => Array.ForEach(records, r => r(true, value)));
    }

    private Action<bool, long?> Track(SimRoot root, Action<bool, long?> done)
    {
        WatchRoot(root, root.Generation, done);
        return done;
    }

    private void Cut(int node, int root, int way, bool isCut)
    {
        if (way != 1) Network.Cut(node, root, isCut);
        if (way != 2) Network.Cut(root, node, isCut);
    }

    private void At(Action action) => Scheduler.After(Random.NextInt64(Settings.FaultsFor), action);

    private SimLeaf[] AnyLeaf() => machines[Random.Next(machines.Length)];

    private SimLeaf AnyPart()
    {
        var parts = AnyLeaf();
        return parts.Length == 1 ? parts[0] : parts[Random.Next(parts.Length)];
    }

    private SimRoot AnyRoot() => Roots.Length == 1 ? Root : Roots[Random.Next(Roots.Length)];
}
