using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Content;

namespace Hal.Cache.ControlPlane.Ownership;

/// <summary>64 hash slots: which root owns each, what copies its keys have, and the fetches under way. Not thread-safe.</summary>
internal sealed class KeyOwnershipRecord(int number)
{
    /// <summary>Fetches kept; hints beyond it are not.</summary>
    public const int FlightsMax = 4096;

    /// <summary>A fetch not told to have ended counts as lost after this time.</summary>
    public const long FlightMs = 60_000;

    private readonly string?[] owners = new string?[HashSlot.PerRecord];
    private readonly Dictionary<CacheKey, List<Flight>> flights = [];
    private int flightCount;

    /// <summary>Serialises whatever is done to the record; see the host.</summary>
    public Lock Gate { get; } = new();

    public ContentMap Content { get; } = new();

    public bool HasFlights => flightCount > 0;

    public int FirstSlot => number * HashSlot.PerRecord;

    public string? Owner(int slot) => owners[slot - FirstSlot];

    public void SetOwner(int slot, string? root) => owners[slot - FirstSlot] = root;

    /// <summary>Fetches of a key that are still counted on.</summary>
    public IEnumerable<Flight> Flights(CacheKey key, long nowMs) =>
        flights.TryGetValue(key, out var list) ? list.Where(f => f.EndsAtMs > nowMs) : [];

    public void Begin(CacheKey key, Flight flight, long nowMs)
    {
        if (flightCount >= FlightsMax) Expire(nowMs);
        if (flightCount >= FlightsMax) return;
        if (!flights.TryGetValue(key, out var list)) flights.Add(new CacheKey(key.Bytes.ToArray(), key.Database), list = []);
        flightCount -= list.RemoveAll(f => f.Instance == flight.Instance);
        list.Add(flight);
        flightCount++;
    }

    public void End(CacheKey key, int instance)
    {
        if (!flights.TryGetValue(key, out var list)) return;
        flightCount -= list.RemoveAll(f => f.Instance == instance);
        if (list.Count == 0) flights.Remove(key);
    }

    /// <summary>Forgets everything about an instance.</summary>
    public void DropInstance(int instance)
    {
        Content.DropInstance(instance);
        foreach (var key in flights.Where(f => f.Value.Exists(x => x.Instance == instance)).Select(f => f.Key).ToArray()) End(key, instance);
    }

    private void Expire(long nowMs)
    {
        foreach (var (key, list) in flights.ToArray())
        {
            flightCount -= list.RemoveAll(f => f.EndsAtMs <= nowMs);
            if (list.Count == 0) flights.Remove(key);
        }
    }
}
