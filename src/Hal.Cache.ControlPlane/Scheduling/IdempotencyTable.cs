using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>What was made under which idempotency key; bounded, the oldest is forgotten first. Not thread-safe.</summary>
internal sealed class IdempotencyTable(int keysMax = ControlPlaneLimits.IdempotencyKeysMax)
{
    private readonly Dictionary<string, (string Fingerprint, string Id)> made = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    /// <summary>The id that was made for the key, or null where none was. Conflict: the key was used for another request.</summary>
    public Result<string?> Find(string? key, string fingerprint)
    {
        if (key is null) return (string?)null;
        if (IdempotencyKeys.Problem(key) is { } problem) return new CacheError(CacheErrorCode.Invalid, problem);
        if (!made.TryGetValue(key, out var known)) return (string?)null;
        return known.Fingerprint == fingerprint
            ? known.Id
            : new CacheError(CacheErrorCode.Conflict, "the idempotency key was used for another request");
    }

    public void Remember(string? key, string fingerprint, string id)
    {
        if (key is null || !made.TryAdd(key, (fingerprint, id))) return;
        order.Enqueue(key);
        if (order.Count > keysMax) made.Remove(order.Dequeue());
    }
}
