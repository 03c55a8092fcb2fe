using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// What a flight has brought and the store is to take: a small value's bytes, a large one's frame, a collection, or none of these where the
/// copy is here.
/// </summary>
internal sealed record PendingCopy(CopyPayload Payload, long Size, ILargeValue? Large, IObjectValue? Object = null)
{
    /// <summary>Why the store did not take it, null where it did.</summary>
    public bool HasFailed { get; set; }

    /// <summary>A client of this instance wrote it.</summary>
    public bool IsOwn { get; init; }

    /// <summary>The collection is the store's.</summary>
    public bool IsObjectTaken { get; set; }

    /// <summary>Lets go of what the store did not take.</summary>
    public void Release()
    {
        Large?.Release();
        if (!IsObjectTaken)
            Object?.Free();
    }
}
