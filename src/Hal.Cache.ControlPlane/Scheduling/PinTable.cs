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

    public bool Remove(string id) => pins.Remove(id);

    /// <summary>Pins that have come to their end.</summary>
    public IReadOnlyList<PinInfo> Ended(DateTimeOffset now) => [.. pins.Values.Where(p => p.Request.ExpiresAt <= now)];
}
