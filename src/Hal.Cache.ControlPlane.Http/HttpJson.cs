using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>The JSON shapes of HTTP, generated at build time; they change by addition only.</summary>
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(LiveDocument))]
[JsonSerializable(typeof(ReadyDocument))]
[JsonSerializable(typeof(InstanceListDocument))]
internal sealed partial class HttpJson : JsonSerializerContext
{
    /// <summary>The shapes as they are written: nothing here is HTML, so only what JSON itself reserves is escaped.</summary>
    public static HttpJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

internal sealed record Problem(int Status, string Title, string? Detail, string Instance)
{
    public string Type { get; init; } = "about:blank";

    /// <summary>The kind of expected failure, for programs; null where HTTP's status says it all.</summary>
    public string? Code { get; init; }
}

internal sealed record LiveDocument(string Status);

internal sealed record ReadyDocument(string Status, IReadOnlyList<InstanceHealthDocument> Instances);

internal sealed record InstanceHealthDocument(string Name, string Health, string? Reason);

internal sealed record InstanceListDocument(IReadOnlyList<InstanceDocument> Instances, string? Next = null);

internal sealed record InstanceDocument(
    string Name,
    string Role,
    string RespAddress,
    string HttpAddress,
    string Health,
    string? Reason,
    long Keys,
    long MemoryBytes,
    long MemoryLimitBytes,
    long DiskBytes,
    long DiskLimitBytes,
    InstanceInfo? Registered = null);
