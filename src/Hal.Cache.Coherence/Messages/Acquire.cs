using System.Diagnostics;

namespace Hal.Cache.Coherence.Messages;

/// <summary>Asks which versions to read, and to be registered as a holder of the keys; at most <see cref="CoherenceOptions.BatchMax"/> items.</summary>
public sealed record Acquire(ulong Instance, uint Session, uint Epoch, IReadOnlyList<AcquireItem> Items) : CoherenceMessage(Instance, Session, Epoch)
{
    /// <summary>The spans that wait for the items, in their order, default where there is none; empty where none is traced. Nothing depends on them.</summary>
    public IReadOnlyList<ActivityContext> Traces { get; init; } = [];
}
