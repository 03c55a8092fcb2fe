using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Sharding;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;

namespace Hal.Cache.ControlPlane.Orleans.Serialization;

/// <summary>
/// The one codec of the contracts' and the shards' messages: their JSON, as on HTTP, since they know nothing of Orleans; lists of keys as one
/// packed block.
/// </summary>
/// <remarks>Must be registered on silos and on clients, or the two do not understand each other.</remarks>
internal sealed class ContractCodec : ISpecializableCodec, ISpecializableCopier, ITypeFilter
{
    public bool IsSupportedType(Type type)
    {
        if (type == typeof(CacheKey[])) return true;
        return type is { IsEnum: false, IsInterface: false, IsArray: false, IsGenericTypeDefinition: false }
            && (type.Assembly == typeof(CacheError).Assembly || type.Namespace == typeof(ShardJson).Namespace);
    }

    public IFieldCodec GetSpecializedCodec(Type type)
    {
        if (type == typeof(CacheKey[])) return new KeyArrayCodec();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Result<>))
            return Make<IFieldCodec>(typeof(ResultCodec<>), type.GenericTypeArguments[0]);
        return Make<IFieldCodec>(typeof(JsonFieldCodec<>), type);
    }

    // What goes between grains of one silo goes as it is: messages are immutable.
    public IDeepCopier GetSpecializedCopier(Type type) => Make<IDeepCopier>(typeof(ShallowCopier<>), type);

    public bool? IsTypeAllowed(Type type) => IsSupportedType(type) ? true : null;

    private static T Make<T>(Type open, Type argument) => (T)Activator.CreateInstance(open.MakeGenericType(argument))!;
}
