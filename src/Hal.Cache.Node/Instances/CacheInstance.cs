using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Instances;

/// <summary>One cache as the control plane sees it: its store's inventory, sizes and health.</summary>
public sealed class CacheInstance(string name, InstanceRole role, IBlobStore store) : IInstance
{
    private volatile InstanceHealth lifecycle = InstanceHealth.Ready;

    public string Name { get; } = name;

    public InstanceRole Role { get; } = role;

    /// <summary>Known once the listener is bound; empty before.</summary>
    public string RespAddress { get; set; } = "";

    public IInventory Inventory { get; } = new StoreInventory(store);

    /// <summary>Where the process is in its life; Ready is told as ReadOnly while the store refuses writes.</summary>
    public InstanceHealth Lifecycle
    {
        get => lifecycle;
        set => lifecycle = value;
    }

    public InstanceStatus Status()
    {
        IStoreStatistics statistics = store.Statistics;
        string? problem = statistics.Problem;
        InstanceHealth health = lifecycle;
        if (health == InstanceHealth.Ready && problem != null)
            health = InstanceHealth.ReadOnly;
        return new()
        {
            Health = health,
            Reason = health switch
            {
                InstanceHealth.Ready => null,
                InstanceHealth.Starting => "the instance is starting",
                InstanceHealth.Draining => "the instance is shutting down",
                _ => problem ?? "the instance has failed",
            },
            Keys = statistics.Keys,
            MemoryBytes = statistics.MemoryBytes,
            MemoryLimitBytes = statistics.MemoryLimitBytes,
            DiskBytes = statistics.DiskBytes,
            DiskLimitBytes = statistics.DiskLimitBytes,
        };
    }
}
