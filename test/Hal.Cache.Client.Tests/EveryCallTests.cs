using System.Reflection;
using System.Text.Json;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Testing.ControlPlane;

namespace Hal.Cache.Client.Tests;

/// <summary>Every call of every role, by reflection, so that one that is added and not carried over HTTP fails here.</summary>
public sealed class EveryCallTests
{
    public static TheoryData<string> Calls
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (var (role, method) in Methods()) data.Add($"{role.Name}.{method.Name}");
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_arrives_with_its_arguments_and_its_answer_comes_back(string call)
    {
        var (role, method) = Methods().Single(m => $"{m.Role.Name}.{m.Method.Name}" == call);
        var type = method.ReturnType.GenericTypeArguments[0].GenericTypeArguments[0];
        var plane = new FakeControlPlane().On(call, ControlPlaneSamples.Of(type));
        Carried(plane);
        await using var server = await PlaneServer.StartAsync(plane);
        using var client = server.Client();
        object?[] arguments = [.. method.GetParameters().Select(Argument)];

        var answer = await InvokeAsync(client, role, method, arguments);

        Assert.True(answer.Error is null, $"{answer.Error}");
        var expected = ControlPlaneSamples.Of(type);
        // A list that is whole has no next page to tell of.
        Assert.Equal(Text(expected), Text(answer.Value!));
        var (_, received) = plane.Calls.Last(c => Alias(c.Call) == call || c.Call == call);
        Assert.Equal(arguments.Where(a => a is not CancellationToken).Select(a => Arrived(call, a)), received.Select(a => Arrived(call, a)));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task An_error_of_any_call_comes_back_as_it_was(string call)
    {
        var (role, method) = Methods().Single(m => $"{m.Role.Name}.{m.Method.Name}" == call);
        var error = new CacheError(CacheErrorCode.StaleEpoch, "as said \"there\"");
        var plane = new FakeControlPlane().On(call, error);
        if (call == "IContent.LocateAsync") plane.On("IContent.LocateManyAsync", error);
        await using var server = await PlaneServer.StartAsync(plane);
        using var client = server.Client();

        var answer = await InvokeAsync(client, role, method, [.. method.GetParameters().Select(Argument)]);

        Assert.Equal(error, answer.Error);
    }

    // A single key goes as a list of one, and a name goes with what is asked about it.
    private static void Carried(FakeControlPlane plane) =>
        plane.On("IContent.LocateManyAsync", a => ((IReadOnlyList<CacheKey>)a[0]!).Select(_ => (KeyLocation)ControlPlaneSamples.Of(typeof(KeyLocation))).ToArray());

    private static string Alias(string call) => call == "IContent.LocateManyAsync" ? "IContent.LocateAsync" : call;

    private static string Arrived(string call, object? argument) =>
        call == "IContent.LocateAsync" && argument is IReadOnlyList<CacheKey> { Count: 1 } keys ? Text(keys[0]) : argument is null ? "null" : Text(argument);

    private static object? Argument(ParameterInfo parameter) => parameter.ParameterType switch
    {
        var t when t == typeof(CancellationToken) => CancellationToken.None,
        var t when t == typeof(string) => $"the-{parameter.Name}",
        var t when t == typeof(int) => 17,
        var t when t == typeof(long) => 1L << 40,
        var t when t == typeof(long?) => 5L,
        var t when t == typeof(RouteWeights) => new RouteWeights { Preset = RoutePreset.Fastest, MsPerMoney = 0.1 },
        var t => ControlPlaneSamples.Of(t),
    };

    private static async Task<(object? Value, CacheError? Error)> InvokeAsync(IControlPlane client, Type role, MethodInfo method, object?[] arguments)
    {
        var target = typeof(IControlPlane).GetProperties().Single(p => p.PropertyType == role).GetValue(client);
        var task = (Task)method.Invoke(target, arguments)!;
        await task;
        dynamic result = ((dynamic)task).Result;
        return result.IsOk ? (result.Value, null) : (null, result.Error);
    }

    private static IEnumerable<(Type Role, MethodInfo Method)> Methods() =>
        typeof(IControlPlane).GetProperties().SelectMany(p => p.PropertyType.GetMethods().Where(m => m.ReturnType.IsGenericType && m.ReturnType.GetGenericTypeDefinition() == typeof(Task<>))
            .Select(m => (p.PropertyType, m)));

    private static string Text(object value) => JsonSerializer.Serialize(value, PlainJson);

    private static readonly JsonSerializerOptions PlainJson = new();
}
