using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ContractSuites.ControlPlane;

/// <summary>One message of each type with every member set, for tests of how they travel.</summary>
public static class ControlPlaneSamples
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private static readonly CacheKey Text = CacheKey.FromText("a key <ü>");
    private static readonly CacheKey Binary = new(new byte[] { 0xff, 0x00, 0x80 }, 3);
    private static readonly KeySelection Selection = new() { Keys = [Text, Binary], Prefixes = [new(CacheKey.FromText("p/"))], Manifest = "m" };
    private static readonly LinkFigures Figures = new() { LatencyMs = 1.5, BandwidthBytesPerSecond = 2.5e9, MoneyPerGiB = 0.01 };
    private static readonly RouteWeights Weights = new() { Preset = RoutePreset.Cheapest, MsPerMoney = 12.5 };
    private static readonly LinkObservation Observation = new() { From = "a", To = "b", RoundTripMs = 0.25, TransferBytes = 1L << 40, TransferMs = 8 };

    private static readonly InstanceLoad Load = new()
    {
        Keys = 1, MemoryBytes = 2, DiskBytes = 3, QueuedBytes = 4, PeerFetches = 5, Clients = 6, PinnedBytes = 11, HitsTotal = 7, MissesTotal = 8, EvictionsTotal = 9,
        OriginBytesTotal = 10, ClientBytesTotal = long.MaxValue,
    };

    private static readonly InstanceRegistration Registration = new()
    {
        Name = "leaf-1.x_Y", Role = InstanceRole.Leaf, Parent = "branch", Silo = "silo", Epoch = 7, Sequence = 8, RespAddress = "127.0.0.1:6381",
        HttpAddress = "127.0.0.1:8081", EvictionPolicy = "lru", MemoryLimitBytes = 1L << 40, DiskLimitBytes = 2, Slots = [new(0, 8191), new(9000, 16383)],
    };

    private static readonly ChangeEvent Change = new()
    {
        Instance = "a", Epoch = 1, Sequence = 2, Timestamp = Time, KeysAdded = [Text, Binary], KeySizes = [1, 2], KeyVersions = [3, 4], KeysEvicted = [Text],
        RemovalReasons = [RemovalReason.Evicted], Modification = true, SourceInstance = "b", RetrievalTimeMs = 1.25,
    };

    private static readonly StreamNotice Notice = new(StreamNoticeKind.FellBehind, "some are lost") { Lost = 12 };

    private static readonly PinRequest Pin = new() { Instance = "a", Selection = Selection, ExpiresAt = Time, Batch = "b" };

    private static readonly KeyLocation Location = new()
    {
        Key = Binary, Slot = 16383, Root = "root", Version = 5, SizeBytes = 6, Incomplete = true,
        Holders = [new() { Instance = "a", State = InstanceState.Suspect, SizeBytes = 6, Version = 5, Fetching = true }],
    };

    private static readonly Link Link = new() { From = "a", To = "b", Configured = Figures, Measured = Figures, ObservedAt = Time, Effective = Figures };

    private static readonly KeyRoutes Routes = new()
    {
        Key = Text, Root = "root", SizeBytes = 1, Version = 2,
        Candidates =
        [
            new()
            {
                Source = "a", Rank = 1, LatencyMs = 1, TransferMs = 2, QueueMs = 3, Money = 4, WeightedMoneyMs = 5, TotalMs = 6, Hops = ["a", "b"], Fetching = true,
                ByOrigin = true, LeftOut = LeftOutReason.FetchesFromDestination,
            },
        ],
    };

    private static readonly PrestageInfo Prestage = new()
    {
        Job = "job", State = PrestageState.Running, Priority = 9, CreatedAt = Time, Deadline = Time, EndedAt = Time, BandwidthBytesPerSecond = 10, Batch = "b",
        CopiesTotal = 3, CopiesDone = 1, CopiesFailed = 1, Instances = [new("a", 1, 1, 1)],
    };

    private static readonly PrestageWork Work = new() { Job = "job", Keys = [Text], BandwidthBytesPerSecond = 4, Deadline = Time, TakenForMs = 5 };

    private static readonly ScalingSignal Signal = new() { Instance = "a", FillRatio = 0.5, HitRate = 0.25, PressureRatio = 0.75, Advice = ScalingAdvice.Grow, Reason = "full" };

    /// <summary>Every message, once.</summary>
    public static IReadOnlyList<object> All { get; } =
    [
        new CacheError(CacheErrorCode.Busy, "why"),
        Done.Value,
        new PageRequest("c", 5),
        Text,
        new KeyPrefix(Binary),
        Selection,
        Registration,
        new InstanceLease { Instance = "a", Epoch = 1, LeaseMs = 2, HeartbeatMs = 3, AppliedSequence = 4, DigestWanted = true, PrestageWaiting = true, PinsRevision = 5 },
        new Heartbeat { Instance = "a", Epoch = 1, Number = 2, Sequence = 3, Digest = ulong.MaxValue, Load = Load, PopularKeys = [new(Text, 4)], Links = [Observation] },
        new InstanceInfo
        {
            Registration = Registration, State = InstanceState.Gone, RegisteredAt = Time, LastHeartbeatAt = Time, LeaseEndsAt = Time, AppliedSequence = 1, ContentVerified = true,
            Content = new("a", 2, 3), Load = Load,
        },
        Location,
        new ContentEntry(Text, 1, 2),
        new ContentTotals { Keys = 1, Copies = 2, CopyBytes = 3, IndexBytes = 4, Instances = [new("a", 5, 6)] },
        new LinkSettings { From = "a", To = "b", Figures = Figures },
        Figures,
        Link,
        Observation,
        new LinkPath { Hops = ["a", "b"], LatencyMs = 1, BandwidthBytesPerSecond = 2, MoneyPerGiB = 3, TotalMs = 4, Money = 5 },
        new RouteRequest { Keys = [Text, Binary], Destination = "a", Weights = Weights, Version = 1, Bytes = 2, Exclude = ["b"] },
        Routes,
        new RouteFailure { Source = "a", Destination = "b", Key = Text, Reason = RouteFailureReason.Corrupt },
        new SlotOwner(1, "root"),
        new SlotRange(1, 2),
        new SlotAssignment("root", 1, 2),
        new EventBatch
        {
            Instance = "a", Epoch = 1, Events = [Change], Marks = [new() { Sequence = 3, Begins = true, Slots = [new(1, 2)] }],
            Fetches = [new() { Key = Text, SizeBytes = 1, Version = 2, Source = "b", Ended = true }],
        },
        new ReportReply { AppliedSequence = 1, DigestWanted = true, ClockAheadMs = 2 },
        new DigestQuery { Instance = "a", Epoch = 1, Sequence = 2, Level = DigestLevel.Slot, Digests = [new(3, ulong.MaxValue), new(4, null)] },
        new DigestReply { AppliedSequence = 1, Compared = true, Differing = [2] },
        new Subscription { AfterPosition = 1, LogId = "log", Instance = "a", Prefix = new(Text) },
        Change,
        Notice,
        new StreamItem { LogId = "log", Position = 1, Event = Change, Notice = Notice },
        new AffinityRequest { Selection = Selection, Candidates = ["a"], Weights = Weights },
        new AffinityReport
        {
            Keys = 1, Bytes = 2, KeysUnknown = 3,
            Candidates =
            [
                new()
                {
                    Instance = "a", Rank = 1, State = InstanceState.Live, KeysLocal = 1, BytesLocal = 2, BytesMissing = 3, BytesUnreachable = 4, WarmSeconds = 5.5, WarmMoney = 6.5,
                    Score = 0.5,
                },
            ],
        },
        new ManifestInfo("m", 1, Time),
        new PrestageRequest { Selection = Selection, Instances = ["a"], Priority = 9, Deadline = Time, BandwidthBytesPerSecond = 10, Batch = "b" },
        Prestage,
        Work,
        new PrestageProgress { Job = "job", Instance = "a", Done = [Text], Failed = [Binary] },
        Pin,
        new PinInfo { Pin = "pin", Request = Pin, CreatedAt = Time, Keys = 2, Bytes = 3 },
        new BatchRequest { EndsAt = Time },
        new BatchInfo { Batch = "b", State = BatchState.Ending, CreatedAt = Time, EndsAt = Time, EndedAt = Time, Prestages = 1, Pins = 2 },
        new UsageQuery("a", 5),
        new UsageReport
        {
            Instance = "a", WindowSeconds = 60, Hits = 1, Misses = 2, HitRate = 0.25, KeysAdded = 3, KeysRemoved = 4, Evictions = 5, GrowthBytes = -6, GrowthKeys = -7,
            FetchedBytes = 8, OriginBytes = 9, Money = 1.5, Retrieval = new() { Count = 1, P50Ms = 2, P90Ms = 3, P99Ms = 4, P999Ms = 5, MaxMs = 6 },
        },
        new PopularKey(Text, 1, 2),
        new LinkUsage("a", "b", 1, 2, 0.5),
        Signal,
    ];

    /// <summary>The sample of a type; a list or page of it where that is asked for.</summary>
    public static object Of(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (All.FirstOrDefault(s => s.GetType() == type) is { } sample) return sample;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Page<>)) return Activator.CreateInstance(type, List(type.GenericTypeArguments[0]), "next")!;
        return type.IsGenericType ? List(type.GenericTypeArguments[0]) : throw new ArgumentException($"There is no sample of {type}.", nameof(type));
    }

    private static Array List(Type item)
    {
        var list = Array.CreateInstance(item, 1);
        list.SetValue(Of(item), 0);
        return list;
    }
}
