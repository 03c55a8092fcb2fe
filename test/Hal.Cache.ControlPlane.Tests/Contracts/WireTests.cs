using System.Text;
using System.Text.Json;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ControlPlane.Tests.Contracts;

public sealed class WireTests
{
    [Fact]
    public void An_event_has_exactly_the_names_that_are_promised()
    {
        var change = new ChangeEvent
        {
            Instance = "leaf",
            Epoch = 2,
            Sequence = 3,
            Timestamp = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
            KeysAdded = [CacheKey.FromText("a")],
            KeySizes = [10],
            KeyVersions = [4],
            KeysEvicted = [CacheKey.FromText("b")],
            RemovalReasons = [RemovalReason.Expired],
            Modification = true,
            SourceInstance = "root",
            RetrievalTimeMs = 1.5,
        };

        Assert.Equal(
            """{"instance":"leaf","epoch":2,"sequence":3,"timestamp":"2026-01-02T03:04:05.678+00:00","keys_added":["a"],"key_sizes":[10],"key_versions":[4],"keys_evicted":["b"],"removal_reasons":["expired"],"modification":true,"source_instance":"root","retrieval_time_ms":1.5}""",
            JsonSerializer.Serialize(change, ControlPlaneJson.Wire.ChangeEvent));
    }

    public static TheoryData<byte[], int, string> Keys => new()
    {
        { Encoding.UTF8.GetBytes("plain"), 0, "\"plain\"" },
        { Encoding.UTF8.GetBytes("grün \"x\"\n"), 0, "\"grün \\\"x\\\"\\n\"" },
        { [], 0, "\"\"" },
        { [0xff, 0x00], 0, """{"keyBase64":"/wA="}""" },
        { Encoding.UTF8.GetBytes("k"), 3, """{"key":"k","database":3}""" },
        { [0xff], 3, """{"keyBase64":"/w==","database":3}""" },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_key_has_one_form_and_comes_back_as_it_was(byte[] bytes, int database, string json)
    {
        var key = new CacheKey(bytes, database);

        Assert.Equal(json, JsonSerializer.Serialize(key, ControlPlaneJson.Wire.CacheKey));
        Assert.Equal(key, JsonSerializer.Deserialize(json, ControlPlaneJson.Wire.CacheKey));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("{}")]
    [InlineData("{\"key\":1}")]
    [InlineData("{\"key\":\"a\",\"keyBase64\":\"YQ==\"}")]
    [InlineData("{\"keyBase64\":\"no base64!\"}")]
    [InlineData("{\"key\":\"a\",\"database\":-1}")]
    [InlineData("{\"key\":\"a\",\"other\":1}")]
    [InlineData("\"\\ud800\"")]
    public void What_is_no_key_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, ControlPlaneJson.Wire.CacheKey));

    [Fact]
    public void Every_type_of_the_roles_is_in_the_json_context()
    {
        var types = typeof(IControlPlane).GetProperties().SelectMany(role => role.PropertyType.GetMethods())
            .SelectMany(method => method.GetParameters().Select(p => p.ParameterType).Append(Unwrap(method.ReturnType)))
            .Where(type => type != typeof(CancellationToken) && !type.IsPrimitive && type != typeof(string) && Nullable.GetUnderlyingType(type) is null)
            .Distinct();

        Assert.All(types, type => Assert.True(ControlPlaneJson.Wire.GetTypeInfo(type) is not null, $"{type} is missing"));
    }

    // A task of a result of what crosses the wire, or a stream of it.
    private static Type Unwrap(Type type) => type.IsGenericType && type.Name.StartsWith("IReadOnlyList", StringComparison.Ordinal) || type.IsGenericType && type.Name.StartsWith("Page", StringComparison.Ordinal)
        ? type
        : type.IsGenericType ? Unwrap(type.GetGenericArguments()[0]) : type;
}
