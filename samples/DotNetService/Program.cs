using DotNetService;
using Hal.Cache.Client;
using Hal.Cache.Contracts.ControlPlane;
using Microsoft.Extensions.Caching.Distributed;

// dotnet run -- --plane http://127.0.0.1:8080 --cache 6379 [--postgres CONNECTION --secret FILE]
var builder = WebApplication.CreateBuilder(args);
var settings = builder.Configuration;

// One call, whichever way the control plane is reached.
#if HAL_ORLEANS
if (settings["postgres"] is { } postgres)
{
    Hal.Cache.ControlPlane.Orleans.OrleansPlaneServices.AddHalControlPlane(builder, new Hal.Cache.ControlPlane.Orleans.HalClusterOptions
    {
        Postgres = postgres,
        Secret = settings["secret"] is { } file ? System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(file).Trim()) : [],
    });
}
else
#endif
{
    builder.Services.AddHalControlPlane(new ControlPlaneClientOptions { Url = new Uri(settings["plane"] ?? "http://127.0.0.1:8080"), Secret = settings["password"] });
}
// ASP.NET's own caches sit on the nearest instance.
builder.Services.AddHalDistributedCache(new HalCacheOptions { Port = settings.GetValue("cache", 6379), Password = settings["password"], KeyPrefix = "dotnet-service:" });
builder.Services.AddSingleton(TimeProvider.System).AddHostedService<ChangeLog>();

var app = builder.Build();

// Where is a data set: how many of its keys, and bytes, each instance has.
app.MapGet("/where/{**prefix}", async (string prefix, IControlPlane plane, CancellationToken cancellation) =>
{
    var found = await plane.Content.LocatePrefixAsync(new KeyPrefix(CacheKey.FromText(prefix)), new PageRequest(), cancellation);
    return found.Error is { } error
        ? Results.Problem(error.Message)
        : Results.Ok(found.Value.Items.SelectMany(l => l.Holders).GroupBy(h => h.Instance).Select(g => new { Instance = g.Key, Keys = g.Count(), Bytes = g.Sum(h => h.SizeBytes) }));
});

// A page that is made once a minute, wherever it is asked for.
app.MapGet("/time", async (IDistributedCache cache, TimeProvider time, CancellationToken cancellation) =>
{
    if (await cache.GetStringAsync("time", cancellation) is { } made) return made;
    made = time.GetUtcNow().ToString("O");
    await cache.SetStringAsync("time", made, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) }, cancellation);
    return made;
});

app.Run();
