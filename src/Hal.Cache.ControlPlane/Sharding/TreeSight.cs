using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>A view as a process sees it since it got it: silence goes on by its own clock. Immutable.</summary>
public sealed class TreeSight
{
    private readonly TreeView view;
    private readonly TimeProvider time;
    private readonly DateTimeOffset seenAt;
    private readonly Dictionary<string, TimeSpan> silences;

    public TreeSight(TreeView view, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(time);
        (this.view, this.time) = (view, time);
        seenAt = time.GetUtcNow();
        silences = view.Instances.ToDictionary(i => i.Name, i => i.Silence, StringComparer.Ordinal);
    }

    /// <summary>Who is registered.</summary>
    public IEnumerable<string> Instances => silences.Keys;

    /// <summary>Everybody who lives is in it.</summary>
    public bool IsWhole => view.IsWhole;

    /// <summary>Null where the tree has no such instance.</summary>
    public InstanceState? State(string instance)
    {
        if (!silences.TryGetValue(instance, out var silence)) return null;
        silence += time.GetUtcNow() - seenAt;
        return silence <= view.Lease ? InstanceState.Live : silence <= view.GoneAfter ? InstanceState.Suspect : InstanceState.Gone;
    }

    /// <summary>The root that owns a slot; null where none does.</summary>
    public string? Root(int slot)
    {
        foreach (var owned in view.Owners)
        {
            if (slot >= owned.First && slot <= owned.Last) return owned.Root;
        }
        return null;
    }
}
