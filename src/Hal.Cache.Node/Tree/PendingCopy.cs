using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree;

/// <summary>What a flight has brought and the store is to take: a small value's bytes, a large one's frame, or neither where the copy is here.</summary>
internal sealed record PendingCopy(CopyPayload Payload, long Size, ILargeValue? Large)
{
    /// <summary>Why the store did not take it, null where it did.</summary>
    public bool HasFailed { get; set; }
}
