using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>Pins by id. Not thread-safe.</summary>
internal sealed class PinTable
{
    private readonly SortedDictionary<string, PinInfo> pins = new(StringComparer.Ordinal);

    public int Count => pins.Count;

    public IEnumerable<PinInfo> All => pins.Values;

    public PinInfo? Find(string id) => pins.GetValueOrDefault(id);

    public void Add(PinInfo pin) => pins[pin.Pin] = pin;

    /// <summary>Keys and bytes that the pins of an instance had when they were made; what two pins have counts twice.</summary>
    public (long Keys, long Bytes) Sum(string instance)
    {
        var (keys, bytes) = (0L, 0L);
        foreach (var pin in pins.Values.Where(p => p.Request.Instance == instance)) (keys, bytes) = (keys + pin.Keys, bytes + pin.Bytes);
        return (keys, bytes);
    }

    /// <summary>Instances with pins of a manifest.</summary>
    public IReadOnlyList<string> InstancesWith(string manifest) =>
        [.. pins.Values.Where(p => p.Request.Selection.Manifest == manifest).Select(p => p.Request.Instance).Distinct(StringComparer.Ordinal)];

    public bool Remove(string id) => pins.Remove(id);

    /// <summary>Pins that have come to their end.</summary>
    public IReadOnlyList<PinInfo> Ended(DateTimeOffset now) => [.. pins.Values.Where(p => p.Request.ExpiresAt <= now)];
}
