namespace Hal.Cache.Contracts.Storage;

/// <summary>Why an entry left the store.</summary>
public enum RemovalReason
{
    Deleted,
    Expired,
    Evicted,
    Invalidated,
}
