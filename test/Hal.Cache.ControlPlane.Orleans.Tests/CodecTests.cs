using System.Reflection;
using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

public sealed class CodecTests : IDisposable
{
    private static readonly Type[] Roles =
        [typeof(IInstances), typeof(IContent), typeof(ITopology), typeof(IRouting), typeof(IOwnership), typeof(IEvents), typeof(IScheduling), typeof(IAnalytics)];

    private readonly ServiceProvider services = new ServiceCollection().AddSerializer().AddContractCodec().BuildServiceProvider();

    public static TheoryData<Type> Messages => [.. Roles.SelectMany(r => r.GetMethods()).SelectMany(TypesOf).Distinct()];

    private Serializer Serializer => services.GetRequiredService<Serializer>();

    public void Dispose() => services.Dispose();

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_of_the_roles_comes_back_as_it_was(Type type)
    {
        var sample = type == typeof(RouteWeights) ? new RouteWeights { Preset = RoutePreset.Cheapest, MsPerMoney = 1.5 } : ControlPlaneSamples.Of(type);

        var back = Serializer.Deserialize<object>(Serializer.SerializeToArray<object>(sample));

        Assert.Equal(Json(sample, type), Json(back, type));
    }

    [Fact]
    public void A_result_brings_its_value_or_its_error()
    {
        var location = (KeyLocation)ControlPlaneSamples.Of(typeof(KeyLocation));
        IReadOnlyList<KeyLocation> list = [location, location];

        var value = Trip<Result<KeyLocation>>(location);
        var many = Trip(Results.Of(list));
        var error = Trip<Result<KeyLocation>>(new CacheError(CacheErrorCode.StaleEpoch, "old"));

        Assert.Equal(Json(location, typeof(KeyLocation)), Json(value.Value, typeof(KeyLocation)));
        Assert.Equal(2, many.Value.Count);
        Assert.Equal(new CacheError(CacheErrorCode.StaleEpoch, "old"), error.Error);
    }

    [Fact]
    public void Keys_are_one_block_of_little_more_than_their_bytes()
    {
        CacheKey[] keys = [new(new byte[] { 0, 255 }, 3), CacheKey.FromText(""), .. Enumerable.Range(0, 1000).Select(i => CacheKey.FromText($"imagenet/train/{i:D6}"))];

        var bytes = Serializer.SerializeToArray<object>(keys);

        Assert.Equal(keys, Serializer.Deserialize<object>(bytes));
        Assert.InRange(bytes.Length, 0, keys.Sum(k => k.Bytes.Length + 8) + 128);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(2)]
    public void A_block_that_says_more_than_it_has_is_refused(int count) =>
        Assert.ThrowsAny<Exception>(() => KeyArrayCodec.Unpack([.. BitConverter.GetBytes(count), 1, 0, 0, 0, 0, 0, 0, 0, 7]));

    private T Trip<T>(T value) => Serializer.Deserialize<T>(Serializer.SerializeToArray(value))!;

    private static string Json(object? value, Type type) => JsonSerializer.Serialize(value, ControlPlaneJson.Wire.GetTypeInfo(type)!);

    // What goes over: the messages themselves; a list's items, since lists are Orleans' own.
    private static IEnumerable<Type> TypesOf(MethodInfo method)
    {
        var answer = method.ReturnType.GenericTypeArguments[0];
        var value = answer.IsGenericType && answer.GetGenericTypeDefinition() == typeof(Result<>) ? answer.GenericTypeArguments[0] : answer;
        var all = method.GetParameters().Select(p => p.ParameterType).Append(value);
        foreach (var type in all)
        {
            var message = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GenericTypeArguments[0] : type;
            if (message.Assembly == typeof(CacheError).Assembly) yield return message;
        }
    }
}
