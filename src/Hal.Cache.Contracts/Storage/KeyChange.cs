namespace Hal.Cache.Contracts.Storage;

/// <summary>What happened to a key.</summary>
public enum KeyChange
{
    /// <summary>A key that was not there has a value.</summary>
    Added,

    /// <summary>A key that was there has another value.</summary>
    Replaced,

    /// <summary>The time of its end was set or taken away; the value is as it was.</summary>
    ExpirySet,

    /// <summary>A stream's groups or last ID were set; its entries are as they were.</summary>
    GroupsSet,
    Deleted,
    Expired,
    Evicted,

    /// <summary>A copy of an origin's object went, or is another, because the origin's is.</summary>
    Invalidated,

    /// <summary>A copy came, of an origin's object or of another instance's: nothing changed for clients, but the bytes are here now.</summary>
    Fetched,
}
