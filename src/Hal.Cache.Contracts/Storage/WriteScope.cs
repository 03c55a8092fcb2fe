namespace Hal.Cache.Contracts.Storage;

/// <summary>The records of one command: what its acknowledgement waits for, and whether they take effect as one.</summary>
public struct WriteScope
{
    /// <summary>Address of the newest record that the command wrote or read, 0 for none: its reply waits until that is durable.</summary>
    public long Address;

    /// <summary>Identifies the records of an atomic change; 0 where each stands alone.</summary>
    public long Transaction;

    /// <summary>Records that belong to <see cref="Transaction"/> so far, and the address of the first.</summary>
    public int Records;
    public long FirstAddress;

    /// <summary>Calls of <see cref="IBlobStore.Begin"/> that are still to be completed: what is begun within another has its fate.</summary>
    public int Depth;

    /// <summary>Who changes: a client's number, 0 for the instance itself; <see cref="IKeyChangeSink"/> is told.</summary>
    public long Writer;

    /// <summary>Number of entries that were changed.</summary>
    public int Changes;

    /// <summary>
    /// Monotonic time at which the commands of this scope were here and none had waited: a copy that was good then is good for all of them.
    /// <see cref="ReadAtFirst"/> where that is when the first copy is looked at, 0 where each copy has its own time.
    /// </summary>
    public long ReadAt;

    /// <summary>See <see cref="ReadAt"/>.</summary>
    public const long ReadAtFirst = -1;
}
