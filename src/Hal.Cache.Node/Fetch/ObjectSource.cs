using Hal.Cache.Contracts;

namespace Hal.Cache.Node.Fetch;

/// <summary>Where the bytes of one version of a large object come from.</summary>
internal abstract class ObjectSource(int database, byte[] key)
{
    public int Database => database;

    public byte[] Key => key;

    /// <summary>Limits the reads that run at the same time.</summary>
    public abstract SemaphoreSlim Reads { get; }

    /// <summary>Name of the instance that bytes came from last; null before the first, and for an origin.</summary>
    public virtual string? Last => null;

    /// <summary>
    /// Whether opening and reading begin without blocking their thread, and reads tell of each piece as it comes; an origin's may do neither.
    /// </summary>
    public virtual bool IsStreaming => false;

    /// <summary>Whether opening and short reads may begin on any thread, and give what is in memory there.</summary>
    public virtual bool AnswersAtOnce => false;

    /// <summary>Whether the store writes what memory gives up of the object; null where that is as the object has it.</summary>
    public virtual bool? Spills => null;

    /// <summary>Opens that version; Changed or NotFound where it is gone.</summary>
    public abstract ValueTask<Result<IObjectReader>> OpenAsync(CancellationToken cancellation);

    /// <summary>Counts a failure to open it.</summary>
    public abstract void Failed(CacheError error);
}
