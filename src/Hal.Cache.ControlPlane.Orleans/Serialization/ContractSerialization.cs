using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Serializers;

namespace Hal.Cache.ControlPlane.Orleans.Serialization;

/// <summary>Registers the codec of the contracts.</summary>
internal static class ContractSerialization
{
    public static IServiceCollection AddContractCodec(this IServiceCollection services)
    {
        var codec = new ContractCodec();
        return services.AddSingleton<ISpecializableCodec>(codec).AddSingleton<ISpecializableCopier>(codec).AddSingleton<ITypeFilter>(codec);
    }
}
