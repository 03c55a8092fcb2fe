using Hal.Cache.Contracts.ControlPlane;
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
}
