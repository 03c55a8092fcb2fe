using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node;

/// <summary>
/// The counters behind <see cref="IKeyspaceStatistics"/>, and the same, and the store's, as instruments of the meter <c>Hal.Cache.Node</c>, with
/// the label <c>instance</c>.
/// </summary>
internal sealed class KeyspaceStatistics : IKeyspaceStatistics, IDisposable
{
    public const string MeterName = "Hal.Cache.Node";

    private readonly Meter meter = new(MeterName);
    private readonly KeyValuePair<string, object?> label;
    private readonly StripedCounter hits = new();
    private readonly StripedCounter misses = new();
    private long originReads;
    private long originBytesRead;
    private long originErrors;
    private long flightsJoined;
    private long validations;
    private long servedStale;
    private long invalidations;

    public KeyspaceStatistics(string instance, IStoreStatistics store)
    {
        label = new("instance", instance);
        Observe("hits", "Look-ups that found an entry.", () => Hits);
        Observe("misses", "Look-ups that found no entry.", () => Misses);
        Observe("origin.reads", "Reads of bytes from origins.", () => OriginReads);
        Observe("origin.errors", "Origin calls that failed.", () => OriginErrors);
        Observe("flights.joined", "Requests that waited for a fetch under way.", () => FlightsJoined);
        Observe("validations", "Questions to origins whether a copy is current.", () => Validations);
        Observe("served_stale", "Copies served while their origin did not answer.", () => ServedStale);
        Observe("invalidations", "Copies dropped because the origin has another version, or none.", () => Invalidations);
        Observe("origin.bytes", "Bytes read from origins.", () => OriginBytesRead, "By");
        ObserveStore("evicted", "Keys that went to make room.", () => store.Evicted);
        ObserveStore("expired", "Keys whose time was over.", () => store.Expired);
        ObserveStore("spilled", "Values that left memory for the log.", () => store.Spilled);
        ObserveStore("loaded", "Values read back from the log.", () => store.Loaded);
        ObserveStore("corrupt", "Records that failed their checksum.", () => store.Corrupt);
    }

    public long Hits => hits.Value;

    public long Misses => misses.Value;

    public long OriginReads => Interlocked.Read(ref originReads);

    public long OriginBytesRead => Interlocked.Read(ref originBytesRead);

    public long OriginErrors => Interlocked.Read(ref originErrors);

    public long FlightsJoined => Interlocked.Read(ref flightsJoined);

    public long Validations => Interlocked.Read(ref validations);

    public long ServedStale => Interlocked.Read(ref servedStale);

    public long Invalidations => Interlocked.Read(ref invalidations);

    /// <summary>Notes which keys are looked up; null while nobody wants to know.</summary>
    public ReadSampler? Sampler { get; set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Hit(in BlobKey key)
    {
        hits.Add(1);
        Sampler?.Read(key);
    }

    public void Miss(in BlobKey key)
    {
        misses.Add(1);
        Sampler?.Read(key);
    }

    public void OriginRead(int bytes)
    {
        Interlocked.Increment(ref originReads);
        Interlocked.Add(ref originBytesRead, bytes);
    }

    public void OriginError() => Interlocked.Increment(ref originErrors);

    public void FlightJoined() => Interlocked.Increment(ref flightsJoined);

    public void Validation() => Interlocked.Increment(ref validations);

    public void StaleServed() => Interlocked.Increment(ref servedStale);

    public void Invalidation() => Interlocked.Increment(ref invalidations);

    public void Dispose() => meter.Dispose();

    private void Observe(string name, string description, Func<long> read, string? unit = null) =>
        meter.CreateObservableCounter("hal.keyspace." + name, () => new Measurement<long>(read(), label), unit, description);

    private void ObserveStore(string name, string description, Func<long> read) =>
        meter.CreateObservableCounter("hal.store." + name, () => new Measurement<long>(read(), label), null, description);
}
