using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Events;

/// <summary>The last events with their positions, bounded by events and by keys; the queue of every subscriber. Not thread-safe.</summary>
/// <remarks>Subscribers read from here at their own pace, so that a slow one costs a reporter nothing and only itself loses events.</remarks>
internal sealed class EventLog(string id, int eventsMax = ControlPlaneLimits.EventLogMax, int keysMax = ControlPlaneLimits.EventLogKeysMax)
{
    private readonly ChangeEvent?[] ring = new ChangeEvent?[eventsMax];
    private long keys;

    /// <summary>Identity of the log: positions of another one mean nothing here.</summary>
    public string Id { get; } = id;

    /// <summary>Position of the newest event, 0 before the first.</summary>
    public long Last { get; private set; }

    /// <summary>Position of the oldest event that is kept; one above <see cref="Last"/> where none is.</summary>
    public long Oldest { get; private set; } = 1;

    public void Add(ChangeEvent change)
    {
        if (Last - Oldest + 1 == eventsMax) DropOldest();
        ring[++Last % eventsMax] = change;
        keys += KeysOf(change);
        while (keys > keysMax && Oldest < Last) DropOldest();
    }

    /// <summary>The event at a position from <see cref="Oldest"/> to <see cref="Last"/>.</summary>
    public ChangeEvent At(long position) => ring[position % eventsMax]!;

    private void DropOldest()
    {
        ref var oldest = ref ring[Oldest++ % eventsMax];
        keys -= KeysOf(oldest!);
        oldest = null;
    }

    private static int KeysOf(ChangeEvent change) => change.KeysAdded.Count + change.KeysEvicted.Count;
}
