namespace Hal.Cache.Node.Tree.Tracking;

/// <summary>
/// Hears in an instance that holds copies which keys have changed, before the authority is told that it knows. Called under the holder's
/// locks: it must neither wait nor ask back.
/// </summary>
public interface IKeyTracker
{
    /// <summary>The copy of a key, or the copy that says that there is none, is no longer valid.</summary>
    void Invalidated(ReadOnlySpan<byte> key);

    /// <summary>A key has changed that the authority was asked to tell of.</summary>
    /// <param name="request">Number of the command that changed it where this instance forwarded it and asked to be told, else 0.</param>
    void Noticed(ReadOnlySpan<byte> key, long request);

    /// <summary>The notices that came together are at their end.</summary>
    void NoticesEnded();

    /// <summary>Any key may have changed: all were, or it is not known any more which.</summary>
    void AllInvalidated();
}
