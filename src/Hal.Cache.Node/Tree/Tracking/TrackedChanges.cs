using System.Collections.Concurrent;

namespace Hal.Cache.Node.Tree.Tracking;

/// <summary>
/// The authority's knowledge of which instances are to hear of a change because their clients track the key, though they hold no copy: by
/// prefix, by a read that ran here, and for a command of their own whose client wants no word of its own changes. Thread-safe.
/// </summary>
internal sealed class TrackedChanges
{
    /// <summary>Prefixes of one instance; one with more is told of every key.</summary>
    public const int PrefixesMax = 4096;

    private readonly Lock gate = new();
    private readonly KeyInterest reads = new();
    private readonly ConcurrentDictionary<long, (ulong Instance, long Request)> writers = new();
    private volatile (ulong Instance, byte[][] Prefixes)[] prefixes = [];

    /// <summary>Nobody is to hear of anything.</summary>
    public bool IsEmpty => prefixes.Length == 0 && reads.IsEmpty && writers.IsEmpty;

    public KeyInterest Reads => reads;

    /// <summary>The prefixes that an instance asks for from now on.</summary>
    public void SetPrefixes(ulong instance, byte[][] wanted)
    {
        lock (gate)
        {
            (ulong Instance, byte[][] Prefixes)[] others = [.. prefixes.Where(one => one.Instance != instance)];
            prefixes = wanted.Length == 0 ? others : [.. others, (instance, wanted.Length > PrefixesMax ? [[]] : wanted)];
        }
    }

    /// <summary>A client of the gateway runs an instance's command, whose changes that instance wants to be told of as its own.</summary>
    public void BeginWriter(long writer, ulong instance, long request) => writers[writer] = (instance, request);

    public void EndWriter(long writer) => writers.TryRemove(writer, out _);

    /// <summary>Adds who is to hear of a change; their reads of the key are forgotten by it.</summary>
    public void Collect(ReadOnlySpan<byte> key, long writer, List<KeyNotice> notices)
    {
        int from = notices.Count;
        byte[]? copy = null;
        (ulong Instance, long Request) own = default;
        if (writer != 0 && writers.TryGetValue(writer, out own))
            notices.Add(new(own.Instance, copy = key.ToArray(), own.Request));
        foreach ((ulong instance, byte[][] wanted) in prefixes)
        {
            foreach (byte[] prefix in wanted)
            {
                if (!key.StartsWith(prefix))
                    continue;
                Add(instance, copy ??= key.ToArray());
                break;
            }
        }

        if (!reads.TryTake(key, out ulong[] readers))
            return;
        foreach (ulong reader in readers)
            Add(reader, copy ??= key.ToArray());

        void Add(ulong instance, byte[] bytes)
        {
            for (int at = from; at < notices.Count; at++)
            {
                if (notices[at].Instance == instance)
                    return;
            }

            notices.Add(new(instance, bytes, 0));
        }
    }
}
