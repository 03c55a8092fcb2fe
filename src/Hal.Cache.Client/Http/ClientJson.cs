using System.Text.Json;
using System.Text.Json.Serialization;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

/// <summary>The shapes that only HTTP has, as far as the client reads them.</summary>
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(InstanceDocument))]
[JsonSerializable(typeof(InstanceListDocument))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class ClientJson : JsonSerializerContext;

internal sealed record ProblemDocument(string? Code, string? Title, string? Detail);

internal sealed record InstanceListDocument(IReadOnlyList<InstanceDocument> Instances, string? Next);

/// <summary>An instance of the server's process, or one that has registered; <see cref="Registered"/> is null for one that has not.</summary>
internal sealed record InstanceDocument(InstanceInfo? Registered);
