using System.Collections.Concurrent;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Fetch;

/// <summary>The large objects that are being read from origins now, one flight for each value.</summary>
internal sealed class ObjectFlights(FetchPipeline pipeline, KeyspaceOptions options, KeyspaceStatistics statistics)
{
    private readonly ConcurrentDictionary<ILargeValue, ObjectFlight> flights = new(ReferenceEqualityComparer.Instance);

    private volatile bool isStopped;

    /// <summary>The value's flight, with the caller as one of its readers until <see cref="ObjectFlight.Detach"/>; null after the stop.</summary>
    public ObjectFlight? Attach(ILargeValue value, ObjectSource source)
    {
        if (source.Spills is { } spills)
            value.IsSpilled = spills; // a restart forgets it, and nothing is written before it is fetched
        while (!isStopped)
        {
            ObjectFlight flight = flights.GetOrAdd(
                value, (held, from) => new ObjectFlight(held, from, pipeline, options, statistics, Ended), source);
            if (flight.TryAttach())
                return flight;
            flights.TryRemove(new(value, flight)); // it has ended, and is about to be removed
        }

        return null;
    }

    public async Task StopAsync()
    {
        isStopped = true;
        ObjectFlight[] stopping = [.. flights.Values];
        foreach (ObjectFlight flight in stopping)
            flight.Stop();
        await Task.WhenAll(stopping.Select(flight => flight.Ended));
    }

    private void Ended(ObjectFlight flight) => flights.TryRemove(new(flight.Value, flight));
}
