namespace Hal.Cache.Contracts.Instances;

/// <summary>One cache as the control plane sees it; every member may be called from any thread and returns without I/O.</summary>
public interface IInstance
{
    /// <summary>Unique in its tree; 1 to 64 of <c>a-z A-Z 0-9 - _ .</c></summary>
    string Name { get; }

    InstanceRole Role { get; }

    /// <summary>Where RESP clients reach it, as HOST:PORT.</summary>
    string RespAddress { get; }

    IInventory Inventory { get; }

    /// <summary>Health, sizes and limits of this moment.</summary>
    InstanceStatus Status();
}
