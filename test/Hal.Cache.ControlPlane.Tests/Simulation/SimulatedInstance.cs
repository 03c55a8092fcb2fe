using System.Text;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ControlPlane.Reporting;

namespace Hal.Cache.ControlPlane.Tests.Simulation;

/// <summary>An instance with its store and reporter; a restart loses what was under way and, at random, the data.</summary>
internal sealed class SimulatedInstance
{
    private readonly Random random;
    private readonly TimeProvider time;
    private readonly string? parent;
    private readonly SimulatedStore store;
    private long epoch;
    private long version;

    public SimulatedInstance(string name, string? parent, Random random, TimeProvider time)
    {
        Name = name;
        this.parent = parent;
        this.random = random;
        this.time = time;
        store = new SimulatedStore(random);
        Reporter = Start(true);
    }

    public string Name { get; }

    public InstanceReporter Reporter { get; private set; }

    /// <summary>Rises with each start: answers to a former one's messages are not for this one.</summary>
    public long Epoch => epoch;

    public IReadOnlyDictionary<string, (long Size, long Version)> Entries => store.Entries;

    public void Restart()
    {
        if (random.Next(3) == 0)
        {
            foreach (var key in store.Entries.Keys.Where(_ => random.Next(3) == 0).ToArray()) store.Remove(key);
        }
        Reporter = Start(random.Next(2) == 0);
    }

    public void Change()
    {
        var key = $"k{random.Next(60)}{(char)random.Next(128)}";
        var bytes = Encoding.UTF8.GetBytes(key);
        if (random.Next(100) < 65)
        {
            var size = random.Next(1, 1000);
            // A version that is told again with another size would be another object: versions only rise.
            var before = store.Set(key, size, ++version);
            Reporter.Added(bytes, 0, size, version, random.Next(200) == 0 ? Before.Unknown : before, null, random.Next(4) == 0 ? random.Next(100) : null);
        }
        else
        {
            var before = store.Remove(key);
            if (before != Before.Nothing) Reporter.Removed(bytes, 0, RemovalReason.Evicted, random.Next(200) == 0 ? Before.Unknown : before);
        }
    }

    private InstanceReporter Start(bool toldFromEmpty)
    {
        var registration = new InstanceRegistration
        {
            Name = Name, Role = parent is null ? InstanceRole.Root : InstanceRole.Leaf, Parent = parent, Silo = $"silo-{Name}", Epoch = ++epoch, RespAddress = "127.0.0.1:1",
        };
        // Few may wait, so that the random load overflows it at times.
        var options = new ReporterOptions { BatchKeys = 16, PendingMax = 64 };
        var reporter = new InstanceReporter(registration, options, store, time, toldFromEmpty);
        if (toldFromEmpty)
        {
            foreach (var (key, held) in store.Entries) reporter.Recovered(Encoding.UTF8.GetBytes(key), 0, held.Size, held.Version, Before.Nothing);
        }
        return reporter;
    }
}
