using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The JSON of the control plane's messages, for every wire and for the store; it changes by addition only.</summary>
[JsonSerializable(typeof(CacheError))]
[JsonSerializable(typeof(Done))]
[JsonSerializable(typeof(PageRequest))]
[JsonSerializable(typeof(CacheKey))]
[JsonSerializable(typeof(IReadOnlyList<CacheKey>))]
[JsonSerializable(typeof(KeyPrefix))]
[JsonSerializable(typeof(InstanceRegistration))]
[JsonSerializable(typeof(InstanceLease))]
[JsonSerializable(typeof(Heartbeat))]
[JsonSerializable(typeof(InstanceInfo))]
[JsonSerializable(typeof(Page<InstanceInfo>))]
[JsonSerializable(typeof(KeyLocation))]
[JsonSerializable(typeof(IReadOnlyList<KeyLocation>))]
[JsonSerializable(typeof(Page<KeyLocation>))]
[JsonSerializable(typeof(Page<ContentEntry>))]
[JsonSerializable(typeof(ContentTotals))]
[JsonSerializable(typeof(LinkSettings))]
[JsonSerializable(typeof(Link))]
[JsonSerializable(typeof(Page<Link>))]
[JsonSerializable(typeof(IReadOnlyList<LinkObservation>))]
[JsonSerializable(typeof(LinkPath))]
[JsonSerializable(typeof(RouteRequest))]
[JsonSerializable(typeof(IReadOnlyList<KeyRoutes>))]
[JsonSerializable(typeof(RouteFailure))]
[JsonSerializable(typeof(SlotOwner))]
[JsonSerializable(typeof(IReadOnlyList<SlotRange>))]
[JsonSerializable(typeof(IReadOnlyList<SlotAssignment>))]
[JsonSerializable(typeof(EventBatch))]
[JsonSerializable(typeof(ReportReply))]
[JsonSerializable(typeof(DigestQuery))]
[JsonSerializable(typeof(DigestReply))]
[JsonSerializable(typeof(Subscription))]
[JsonSerializable(typeof(StreamItem))]
[JsonSerializable(typeof(AffinityRequest))]
[JsonSerializable(typeof(AffinityReport))]
[JsonSerializable(typeof(ManifestInfo))]
[JsonSerializable(typeof(PrestageRequest))]
[JsonSerializable(typeof(PrestageInfo))]
[JsonSerializable(typeof(Page<PrestageInfo>))]
[JsonSerializable(typeof(IReadOnlyList<PrestageWork>))]
[JsonSerializable(typeof(PrestageProgress))]
[JsonSerializable(typeof(PinRequest))]
[JsonSerializable(typeof(PinInfo))]
[JsonSerializable(typeof(Page<PinInfo>))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(BatchInfo))]
[JsonSerializable(typeof(Page<BatchInfo>))]
[JsonSerializable(typeof(UsageQuery))]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(IReadOnlyList<PopularKey>))]
[JsonSerializable(typeof(IReadOnlyList<LinkUsage>))]
[JsonSerializable(typeof(IReadOnlyList<ScalingSignal>))]
[JsonSerializable(typeof(KeySelection))]
[JsonSerializable(typeof(LinkFigures))]
[JsonSerializable(typeof(ChangeEvent))]
[JsonSerializable(typeof(StreamNotice))]
[JsonSerializable(typeof(Page<LinkObservation>))]
[JsonSerializable(typeof(Page<KeyRoutes>))]
[JsonSerializable(typeof(Page<SlotRange>))]
[JsonSerializable(typeof(Page<SlotAssignment>))]
[JsonSerializable(typeof(Page<PrestageWork>))]
[JsonSerializable(typeof(Page<CacheKey>))]
[JsonSerializable(typeof(Page<PopularKey>))]
[JsonSerializable(typeof(Page<LinkUsage>))]
[JsonSerializable(typeof(Page<ScalingSignal>))]
public sealed partial class ControlPlaneJson : JsonSerializerContext
{
    /// <summary>As it is written: camel case but where a name is fixed, nothing where a value is null, only what JSON reserves escaped.</summary>
    public static ControlPlaneJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
