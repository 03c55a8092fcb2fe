using System.Collections.Concurrent;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Fetch;

/// <summary>The large objects that are being read from origins now, one flight for each value.</summary>
internal sealed class ObjectFlights(FetchPipeline pipeline, KeyspaceOptions options, KeyspaceStatistics statistics, long hurriedBytesMax)
{
    private readonly ConcurrentDictionary<ILargeValue, ObjectFlight> flights = new(ReferenceEqualityComparer.Instance);

    private volatile bool isStopped;
    private long hurriedBytes;

    /// <summary>The value's flight, with the reader as one of its own until <see cref="ObjectFlight.Detach"/>; null after the stop.</summary>
    public ObjectFlight? Attach(ILargeValue value, ObjectSource source, ValueReader reader)
    {
        if (source.Spills is { } spills)
            value.IsSpilled = spills; // a restart forgets it, and nothing is written before it is fetched
        while (!isStopped)
        {
            ObjectFlight flight = flights.GetOrAdd(
                value, (held, from) => new ObjectFlight(held, from, pipeline, options, statistics, Ended), source);
            if (flight.TryAttach(reader))
                return flight;
            flights.TryRemove(new(value, flight)); // it has ended, and is about to be removed
        }

        return null;
    }

    /// <summary>
    /// A value is over, and its sources let go of it soon: what its readers still want of it is brought at once, however slowly they take it, unless that is
    /// more than is kept of such values here. Any thread may say so, with any locks.
    /// </summary>
    public void Hurry(ILargeValue value)
    {
        if (flights.TryGetValue(value, out ObjectFlight? flight))
            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Flights.Hurry(work.Flight), (Flights: this, Flight: flight), preferLocal: false);
    }

    public async Task StopAsync()
    {
        isStopped = true;
        ObjectFlight[] stopping = [.. flights.Values];
        foreach (ObjectFlight flight in stopping)
            flight.Stop();
        await Task.WhenAll(stopping.Select(flight => flight.Ended));
    }

    private void Hurry(ObjectFlight flight)
    {
        long length = flight.Value.Length;
        if (Interlocked.Add(ref hurriedBytes, length) > hurriedBytesMax || !flight.TryHurry())
            Interlocked.Add(ref hurriedBytes, -length);
    }

    private void Ended(ObjectFlight flight)
    {
        flights.TryRemove(new(flight.Value, flight));
        if (flight.IsHurried)
            Interlocked.Add(ref hurriedBytes, -flight.Value.Length);
    }
}
