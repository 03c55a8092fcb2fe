namespace Hal.Cache.Coherence.Holding;

/// <summary>The open flights, by stamp and by key.</summary>
internal sealed class FlightTable
{
    private readonly Dictionary<uint, Flight> byStamp = [];
    private readonly Dictionary<KeyId, List<Flight>> byKey = [];

    public int Count => byStamp.Count;

    public IEnumerable<Flight> All => byStamp.Values;

    public Flight? Find(uint stamp) => byStamp.GetValueOrDefault(stamp);

    public IReadOnlyList<Flight> Of(KeyId key) => byKey.TryGetValue(key, out var flights) ? flights : [];

    public void Add(Flight flight)
    {
        byStamp.Add(flight.Stamp, flight);
        if (!byKey.TryGetValue(flight.Key.Id, out var flights)) byKey.Add(flight.Key.Id, flights = []);
        flights.Add(flight);
    }

    public void Remove(Flight flight)
    {
        if (!byStamp.Remove(flight.Stamp)) return;
        var flights = byKey[flight.Key.Id];
        flights.Remove(flight);
        if (flights.Count == 0) byKey.Remove(flight.Key.Id);
    }

    /// <summary>Empties the table and gives what was in it, oldest first.</summary>
    public Flight[] TakeAll()
    {
        var all = byStamp.Values.OrderBy(f => f.Stamp).ToArray();
        byStamp.Clear();
        byKey.Clear();
        return all;
    }

    public void Poison(KeyId key, long version)
    {
        foreach (var flight in Of(key)) flight.Poison = Math.Max(flight.Poison, version);
    }

    public void PoisonAll()
    {
        foreach (var flight in byStamp.Values) flight.Poison = long.MaxValue;
    }
}
