using System.Text.Json.Serialization;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>The JSON of what processes of one control plane tell each other; it changes by addition only, since two versions may meet.</summary>
[JsonSerializable(typeof(RecordChanges))]
[JsonSerializable(typeof(RecordReply))]
[JsonSerializable(typeof(RecordShare))]
[JsonSerializable(typeof(LocatedKeys))]
[JsonSerializable(typeof(RecordScan))]
[JsonSerializable(typeof(RecordPage))]
[JsonSerializable(typeof(RecordTotals))]
[JsonSerializable(typeof(HolderSums))]
[JsonSerializable(typeof(TreeView))]
[JsonSerializable(typeof(RouteView))]
[JsonSerializable(typeof(BatchOutcome))]
[JsonSerializable(typeof(InstanceStatus))]
[JsonSerializable(typeof(LogPlace))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
public sealed partial class ShardJson : JsonSerializerContext;
