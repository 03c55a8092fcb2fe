using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Hal.Cache.Node.Tree;

/// <summary>What an instance's part of the tree has done since it started, also as instruments of the meter <c>Hal.Cache.Tree</c>.</summary>
public sealed class TreeStatistics : IDisposable
{
    private const string MeterName = "Hal.Cache.Tree";

    private readonly Meter meter = new(MeterName);
    private readonly ConcurrentDictionary<string, long[]> received = [];
    private readonly ConcurrentDictionary<string, long[]> failures = [];
    private readonly string instance;
    private long acquires;
    private long questions;
    private long revalidated;
    private long invalidations;
    private long bytesServed;
    private long corrupt;
    private long rounds;
    private long forwarded;
    private long pipelined;
    private long collectionsBrought;
    private long writesHeld;
    private long silences;
    private long takeovers;
    private long bytesQueued;
    private int fetchesServed;

    public TreeStatistics(string instance)
    {
        this.instance = instance;
        Observe("acquires", "Keys that authorities were asked for.", () => Acquires);
        Observe("questions", "Messages that asked authorities for keys, for one or for many.", () => Questions);
        Observe("revalidated", "Answers that said that the copy here is current: no bytes moved.", () => Revalidated);
        Observe("invalidations", "Invalidations handled.", () => Invalidations);
        Observe("bytes_served", "Bytes of objects sent to other instances.", () => BytesServed);
        Observe("corrupt", "Pieces from other instances that failed their checksum.", () => Corrupt);
        Observe("silences", "Connections to authorities that were given up because nothing came.", () => Silences);
        Observe("takeovers", "Ranges whose rest another source brought because it was quicker.", () => Takeovers);
        Observe("rounds", "Changes whose publication waited for holders.", () => Rounds);
        Observe("forwarded", "Commands that the authority ran for this instance.", () => Forwarded);
        Observe("pipelined", "Commands of those that did not wait for the one before them to be answered.", () => Pipelined);
        Observe("writes_held", "Values that were held here as soon as this instance's own write of them was published.", () => WritesHeld);
        Observe("collections_brought", "Collections copied here.", () => CollectionsBrought);
        meter.CreateObservableCounter(
            "hal.tree.link.bytes", () => received.Select(link => Measure(link, "source")), "By", "Bytes of objects received, by the instance that sent them.");
        meter.CreateObservableCounter(
            "hal.tree.link.failures", () => failures.Select(link => Measure(link, "source")), null, "Reads from other instances that failed, by the instance.");
    }

    /// <summary>Keys that authorities were asked for.</summary>
    public long Acquires => Interlocked.Read(ref acquires);

    /// <summary>Messages that asked for them, for one or for many.</summary>
    public long Questions => Interlocked.Read(ref questions);

    public long Revalidated => Interlocked.Read(ref revalidated);

    public long Invalidations => Interlocked.Read(ref invalidations);

    public long BytesServed => Interlocked.Read(ref bytesServed);

    public long Corrupt => Interlocked.Read(ref corrupt);

    public long Silences => Interlocked.Read(ref silences);

    /// <summary>Ranges whose rest another source brought because it was quicker.</summary>
    public long Takeovers => Interlocked.Read(ref takeovers);

    public long Rounds => Interlocked.Read(ref rounds);

    /// <summary>Commands that the authority ran for this instance: writes, what waits, and reads of what is not copied.</summary>
    public long Forwarded => Interlocked.Read(ref forwarded);

    /// <summary>Commands of <see cref="Forwarded"/> that were sent before the one before them was answered.</summary>
    public long Pipelined => Interlocked.Read(ref pipelined);

    /// <summary>Collections copied here, those in answers included.</summary>
    public long CollectionsBrought => Interlocked.Read(ref collectionsBrought);

    /// <summary>Bytes that other instances have asked for and not yet been sent.</summary>
    public long BytesQueued => Interlocked.Read(ref bytesQueued);

    /// <summary>Ranges that are being sent to other instances now.</summary>
    public int FetchesServed => Volatile.Read(ref fetchesServed);

    /// <summary>Bytes of objects received, small values in answers not counted.</summary>
    public long BytesReceived => received.Values.Sum(count => Interlocked.Read(ref count[0]));

    /// <summary>Bytes of objects received, by the instance that sent them.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Links => [.. received.Select(link => KeyValuePair.Create(link.Key, Interlocked.Read(ref link.Value[0])))];

    public long BytesFrom(string source) => received.TryGetValue(source, out long[]? count) ? Interlocked.Read(ref count[0]) : 0;

    public long FailuresOf(string source) => failures.TryGetValue(source, out long[]? count) ? Interlocked.Read(ref count[0]) : 0;

    public void Dispose() => meter.Dispose();

    /// <summary>Values that were held here as soon as this instance's own write of them was published.</summary>
    public long WritesHeld => Interlocked.Read(ref writesHeld);

    /// <summary>Counts a command that is sent to the authority.</summary>
    public void CountForwarded() => Interlocked.Increment(ref forwarded);

    public void CountPipelined(int commands) => Interlocked.Add(ref pipelined, commands);

    internal void HeldWrite() => Interlocked.Increment(ref writesHeld);

    internal void BroughtCollection() => Interlocked.Increment(ref collectionsBrought);

    internal void Acquired() => Interlocked.Increment(ref acquires);

    internal void Asked() => Interlocked.Increment(ref questions);

    internal void FoundCurrent() => Interlocked.Increment(ref revalidated);

    internal void Invalidated() => Interlocked.Increment(ref invalidations);

    internal void Served(int bytes) => Interlocked.Add(ref bytesServed, bytes);

    internal void Queued(long bytes, int ranges)
    {
        Interlocked.Add(ref bytesQueued, bytes);
        Interlocked.Add(ref fetchesServed, ranges);
    }

    internal void FoundCorrupt() => Interlocked.Increment(ref corrupt);

    internal void TookOver() => Interlocked.Increment(ref takeovers);

    internal void Silenced() => Interlocked.Increment(ref silences);

    internal void RoundOpened() => Interlocked.Increment(ref rounds);

    internal void Received(string source, int bytes) => Interlocked.Add(ref received.GetOrAdd(source, static _ => new long[1])[0], bytes);

    internal void Failed(string source) => Interlocked.Increment(ref failures.GetOrAdd(source, static _ => new long[1])[0]);

    private Measurement<long> Measure(KeyValuePair<string, long[]> link, string label) =>
        new(Interlocked.Read(ref link.Value[0]), new("instance", instance), new KeyValuePair<string, object?>(label, link.Key));

    private void Observe(string name, string description, Func<long> read) => meter.CreateObservableCounter(
        "hal.tree." + name, () => new Measurement<long>(read(), new KeyValuePair<string, object?>("instance", instance)), null, description);
}
