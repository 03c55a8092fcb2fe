using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hal.Cache.Conformance.Tests.Cts;

/// <summary>One case of the public compatibility suite, as its file has it.</summary>
internal sealed record CtsCase(
    string Name,
    IReadOnlyList<string> Command,
    IReadOnlyList<JsonElement> Result,
    string Since,
    string? Tags = null,
    [property: JsonPropertyName("sort_result")] bool SortResult = false,
    [property: JsonPropertyName("float_result")] bool FloatResult = false,
    [property: JsonPropertyName("command_binary")] bool CommandBinary = false,
    JsonElement Skipped = default)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>Whether the case is for a standalone server and not switched off in its file.</summary>
    public bool IsStandalone => Tags != "cluster" && IsOn;

    /// <summary>Whether the case is for a cluster and not switched off in its file.</summary>
    public bool IsForCluster => Tags != "standalone" && IsOn;

    private bool IsOn => Skipped.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False;

    /// <summary>All cases of a file; throws <see cref="JsonException"/> when it is not one.</summary>
    public static IReadOnlyList<CtsCase> Load(string path)
    {
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize<List<CtsCase>>(file, Options) ?? [];
    }
}
