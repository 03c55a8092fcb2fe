namespace Hal.Cache.Contracts;

/// <summary>The kinds of expected failure; each edge maps every one of them to its own protocol, once.</summary>
public enum CacheErrorCode
{
    /// <summary>The key, path or resource does not exist.</summary>
    NotFound,

    /// <summary>The request is malformed or breaks a rule; the message names the rule.</summary>
    Invalid,

    /// <summary>The request is well formed but not allowed, such as a path that leaves an origin's directory.</summary>
    Refused,

    /// <summary>The object is read-only here, such as a key under an origin prefix.</summary>
    ReadOnly,

    /// <summary>The object changed while it was being read, so that the rest of this version can't be had.</summary>
    Changed,

    /// <summary>Stored bytes failed their checksum.</summary>
    Corrupt,

    /// <summary>A memory or disk budget is used up and nothing may be evicted.</summary>
    NoRoom,

    /// <summary>A device, a peer or an origin failed or did not answer in time.</summary>
    Unavailable,

    /// <summary>A named limit is reached, such as a queue's length; trying again later may work.</summary>
    Busy,

    /// <summary>The value is of a kind that this instance holds no copies of: its authority has it.</summary>
    Elsewhere,

    /// <summary>It contradicts what is there, such as a name that is taken or a slot that another root owns.</summary>
    Conflict,

    /// <summary>The sender's epoch is not the current one: another start of it is known, or none.</summary>
    StaleEpoch,
}
