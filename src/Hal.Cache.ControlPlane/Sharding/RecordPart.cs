using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>The part of a batch that one record has to take.</summary>
public sealed class RecordPart
{
    private readonly string instance;
    private readonly List<byte> kinds = [];
    private readonly List<CacheKey> keys = [];
    private readonly List<long> sizes = [];
    private readonly List<long> versions = [];
    private readonly List<int> events = [];
    private readonly List<string?> sources = [];
    private readonly List<ulong> repairs = [];

    internal RecordPart(string instance) => this.instance = instance;

    /// <summary>The keys, one a change.</summary>
    public CacheKey[] Keys => [.. keys];

    /// <summary>What each change is.</summary>
    /// <param name="feed">Which life of the instance's host tells.</param>
    /// <param name="number">Number of the batch in that life.</param>
    public RecordChanges Changes(string feed, long number) => new()
    {
        Instance = instance,
        Feed = feed,
        Number = number,
        Kinds = [.. kinds],
        Sizes = [.. sizes],
        Versions = [.. versions],
        Events = [.. events],
        Sources = [.. sources],
        Repairs = [.. repairs],
    };

    internal void Add(RecordChangeKind kind, CacheKey key, int change, long sizeBytes = 0, long version = 0)
    {
        kinds.Add((byte)kind);
        keys.Add(key);
        sizes.Add(sizeBytes);
        versions.Add(version);
        events.Add(change);
    }

    internal void AddFetch(FetchHint fetch, int change)
    {
        Add(RecordChangeKind.FetchBegins, fetch.Key, change, fetch.SizeBytes, fetch.Version);
        sources.Add(fetch.Source);
    }

    internal void AddRepair(ulong slots, int change)
    {
        Add(RecordChangeKind.RepairBegins, new CacheKey(ReadOnlyMemory<byte>.Empty), change);
        repairs.Add(slots);
    }
}
