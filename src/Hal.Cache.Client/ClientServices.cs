using Hal.Cache.Contracts.ControlPlane;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;

namespace Hal.Cache.Client;

/// <summary>Registers the typed client.</summary>
public static class ClientServices
{
    /// <summary>One <see cref="IControlPlane"/> for the application; a <see cref="TimeProvider"/> that is registered is used.</summary>
    public static IServiceCollection AddHalControlPlane(this IServiceCollection services, ControlPlaneClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem) throw new ArgumentException(problem, nameof(options));
        return services.AddSingleton<IControlPlane>(provider => new HttpControlPlane(options, provider.GetService<TimeProvider>() ?? TimeProvider.System));
    }

    /// <summary>ASP.NET Core's distributed cache on a HAL instance: sessions and hybrid caches then sit on it.</summary>
    public static IServiceCollection AddHalDistributedCache(this IServiceCollection services, HalCacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem) throw new ArgumentException(problem, nameof(options));
        return services.AddSingleton<IDistributedCache>(provider => new HalDistributedCache(options, provider.GetService<TimeProvider>() ?? TimeProvider.System));
    }
}
