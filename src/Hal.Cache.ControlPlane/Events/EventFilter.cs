using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Events;

/// <summary>What a subscriber wants of the events.</summary>
public static class EventFilter
{
    public static bool IsWanted(Subscription wanted, ChangeEvent change)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(change);
        if (wanted.Instance is not null && change.Instance != wanted.Instance) return false;
        return wanted.Prefix is not { Start: var start } || change.KeysAdded.Any(k => Begins(k, start)) || change.KeysEvicted.Any(k => Begins(k, start));
    }

    private static bool Begins(CacheKey key, CacheKey start) => key.Database == start.Database && key.Span.StartsWith(start.Span);
}
