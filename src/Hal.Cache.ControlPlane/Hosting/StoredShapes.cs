using System.Text.Json.Serialization;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>A prestage job as it is stored: its keys are in parts of their own; their number is null in records of an earlier version.</summary>
internal sealed record StoredPrestage(PrestageRequest Request, DateTimeOffset CreatedAt, int Parts, int? Keys = null);

/// <summary>How far a prestage job was at one instance: a bit a key, for those that are settled and for those of them that failed.</summary>
internal sealed record StoredProgress(byte[] Settled, byte[] Failed);

/// <summary>A manifest as it is stored: its keys are in parts of their own.</summary>
internal sealed record StoredManifest(DateTimeOffset StoredAt, int Parts);

/// <summary>A pin as it is stored: null parts where its keys are in the request, as in all records of an earlier version, or else their number.</summary>
internal sealed record StoredPin(string Pin, PinRequest Request, DateTimeOffset CreatedAt, long Keys, long Bytes, int? Parts = null);

/// <summary>A batch as it is stored.</summary>
internal sealed record StoredBatch(BatchState State, DateTimeOffset CreatedAt, DateTimeOffset? EndsAt, DateTimeOffset? EndedAt)
{
    public BatchInfo Describe(string name) => new() { Batch = name, State = State, CreatedAt = CreatedAt, EndsAt = EndsAt, EndedAt = EndedAt };
}

/// <summary>The shapes of stored records; they change by addition only.</summary>
[JsonSerializable(typeof(StoredPrestage))]
[JsonSerializable(typeof(StoredProgress))]
[JsonSerializable(typeof(StoredManifest))]
[JsonSerializable(typeof(StoredBatch))]
[JsonSerializable(typeof(StoredPin))]
[JsonSerializable(typeof(InstanceRegistration))]
[JsonSerializable(typeof(LinkSettings))]
[JsonSerializable(typeof(IReadOnlyList<SlotRange>))]
[JsonSerializable(typeof(IReadOnlyList<CacheKey>))]
[JsonSerializable(typeof(PinRequest))]
[JsonSerializable(typeof(PrestageRequest))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class StoredJson : JsonSerializerContext;
