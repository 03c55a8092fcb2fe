using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>What was made, or tried, under which idempotency key; bounded, the oldest is forgotten first. Not thread-safe.</summary>
internal sealed class IdempotencyTable(int keysMax = ControlPlaneLimits.IdempotencyKeysMax)
{
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    /// <summary>The id that was made for the key, or null where none was. Conflict: the key was used for another request.</summary>
    public Result<string?> Find(IdempotencyMark? mark)
    {
        if (mark is null || entries.GetValueOrDefault(mark.Key) is not { IsMade: true } known) return (string?)null;
        return known.Request == mark.Request ? known.Id : new CacheError(CacheErrorCode.Conflict, "the idempotency key was used for another request");
    }

    /// <summary>
    /// The id to make now: that of a try before, since what failed may have been stored all the same, and a second one beside it would be too many.
    /// </summary>
    public string Try(IdempotencyMark? mark, Func<string> next)
    {
        if (mark is not null && entries.GetValueOrDefault(mark.Key) is { IsMade: false } tried && tried.Request == mark.Request) return tried.Id;
        var id = next();
        if (mark is not null) Set(mark, id, isMade: false);
        return id;
    }

    public void Remember(IdempotencyMark? mark, string id)
    {
        if (mark is not null) Set(mark, id, isMade: true);
    }

    private void Set(IdempotencyMark mark, string id, bool isMade)
    {
        if (!entries.ContainsKey(mark.Key)) order.Enqueue(mark.Key);
        entries[mark.Key] = new Entry(mark.Request, id, isMade);
        if (order.Count > keysMax) entries.Remove(order.Dequeue());
    }

    private sealed record Entry(string Request, string Id, bool IsMade);
}
