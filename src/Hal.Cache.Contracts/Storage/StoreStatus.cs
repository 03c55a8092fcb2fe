namespace Hal.Cache.Contracts.Storage;

/// <summary>Whether a change was made; one that was not left everything as it was.</summary>
public enum StoreStatus
{
    Done,

    /// <summary>The log's buffer is full at this moment: wait for room and try again.</summary>
    Full,
}
