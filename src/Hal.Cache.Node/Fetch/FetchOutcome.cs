using Hal.Cache.Contracts;

namespace Hal.Cache.Node.Fetch;

/// <summary>How a fetch ended: an error, the object's absence, or the version of the entry that is now known to be current (0: look again).</summary>
internal readonly record struct FetchOutcome(CacheError? Error = null, bool IsAbsent = false, long Version = 0)
{
    public static FetchOutcome Absent => new(IsAbsent: true);

    public static FetchOutcome Of(CacheError error) => error.Code == CacheErrorCode.NotFound ? Absent : new(error);
}
