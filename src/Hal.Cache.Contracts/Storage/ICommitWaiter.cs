namespace Hal.Cache.Contracts.Storage;

/// <summary>Hears once that a commit has ended.</summary>
public interface ICommitWaiter
{
    /// <summary>Null, or why what was written may not be durable. Comes on the thread that writes the log: it is to be quick, and must not wait.</summary>
    void Committed(CacheError? failure);
}
