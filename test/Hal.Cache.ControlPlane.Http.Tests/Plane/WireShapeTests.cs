using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Http.Tests.Plane;

/// <summary>Messages change by addition only: WireShapes.txt has each as it was released, and what is added is added there.</summary>
public sealed class WireShapeTests
{
    private static readonly Dictionary<string, string> Released = Read();

    public static TheoryData<string> Names => [.. ControlPlaneSamples.All.Select(s => s.GetType().Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_message_has_the_shape_that_was_released(string name)
    {
        var sample = ControlPlaneSamples.All.Single(s => s.GetType().Name == name);

        Assert.True(Released.TryGetValue(name, out var shape), $"WireShapes.txt lacks this line:\n{name} {Json(sample)}");
        Assert.Equal(shape, Json(sample));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_message_that_was_written_by_the_release_is_read_whole(string name)
    {
        var type = ControlPlaneSamples.All.Single(s => s.GetType().Name == name).GetType();

        var read = JsonSerializer.Deserialize(Released[name], ControlPlaneJson.Wire.GetTypeInfo(type)!);

        Assert.Equal(Released[name], Json(read!));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_member_that_is_not_known_is_passed_over(string name)
    {
        if (!Released[name].StartsWith('{')) return; // a key that is text
        var type = ControlPlaneSamples.All.Single(s => s.GetType().Name == name).GetType();
        var newer = $$"""{"comesLater":[1,{"a":2}],{{Released[name][1..]}}""".Replace(",}", "}", StringComparison.Ordinal);

        var read = JsonSerializer.Deserialize(newer, ControlPlaneJson.Wire.GetTypeInfo(type)!);

        Assert.Equal(Released[name], Json(read!));
    }

    [Fact]
    public void A_prestage_request_that_names_no_priority_has_the_normal_one() =>
        Assert.Equal(
            PrestageRequest.PriorityNormal,
            JsonSerializer.Deserialize("""{"selection":{"keys":["a"]},"instances":["a"]}""", ControlPlaneJson.Wire.PrestageRequest)!.Priority);

    [Fact]
    public void Every_message_of_the_control_plane_has_a_sample()
    {
        var messages = typeof(ControlPlaneJson).GetCustomAttributesData().Where(a => a.AttributeType == typeof(JsonSerializableAttribute))
            .Select(a => (Type)a.ConstructorArguments[0].Value!).Where(t => !t.IsGenericType);

        Assert.Empty(messages.Except(ControlPlaneSamples.All.Select(s => s.GetType())));
    }

    [Fact]
    public void Every_member_of_a_sample_is_set() =>
        Assert.All(ControlPlaneSamples.All, s => Assert.All(
            s.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0), p => Assert.NotNull(p.PropertyType.IsByRefLike ? "" : p.GetValue(s))));

    private static string Json(object message) => JsonSerializer.Serialize(message, ControlPlaneJson.Wire.GetTypeInfo(message.GetType())!);

    private static Dictionary<string, string> Read()
    {
        using var reader = new StreamReader(typeof(WireShapeTests).Assembly.GetManifestResourceStream("WireShapes.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ', 2)).ToDictionary(l => l[0], l => l[1]);
    }
}
