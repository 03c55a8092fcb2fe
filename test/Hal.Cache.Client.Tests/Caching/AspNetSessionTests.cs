using System.Net;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hal.Cache.Client.Tests.Caching;

/// <summary>ASP.NET's own sessions on a real silo, as two servers of one application keep them.</summary>
public sealed class AspNetSessionTests(SiloFixture silo) : IClassFixture<SiloFixture>, IDisposable
{
    private const string Prefix = "sessions:";

    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(20);

    private readonly TempDirectory keys = new("keys");

    public void Dispose() => keys.Dispose();

    [Fact]
    public async Task A_session_goes_on_at_another_server_when_the_first_is_gone()
    {
        using var browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() });
        await using var other = await ServerAsync();
        string[] counted;
        await using (var first = await ServerAsync())
        {
            counted = [await VisitAsync(browser, first), await VisitAsync(browser, first)];
        }

        var after = await VisitAsync(browser, other);

        Assert.Equal(["1", "2", "3"], [.. counted, after]);
    }

    [Fact]
    public async Task Each_browser_has_a_session_of_its_own_that_lives_as_long_as_it_is_used()
    {
        await using var server = await ServerAsync();
        using var redis = new RespTestClient(silo.Port);
        var before = Sessions(redis);
        using var one = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() });
        using var two = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() });
        await VisitAsync(one, server);
        string[] counted = [await VisitAsync(one, server), await VisitAsync(two, server)];

        string[] kept = [.. Sessions(redis).Except(before)];
        Assert.All(kept, key => Assert.Equal(1, redis.Command("PEXPIRE", key, "60000").Number));
        await VisitAsync(one, server);
        var left = kept.Select(key => redis.Command("PTTL", key).Number).Order().ToArray();

        Assert.Equal(["2", "1"], counted);
        Assert.Equal(2, kept.Length);
        Assert.InRange(left[0], 1, 60_000);
        Assert.InRange(left[1], 60_001, (long)Idle.TotalMilliseconds);
    }

    private static string[] Sessions(RespTestClient redis) => [.. redis.Command("KEYS", Prefix + "*").Items!.Select(k => k.Text)];

    private static Task<string> VisitAsync(HttpClient browser, WebApplication server) => browser.GetStringAsync(new Uri(server.Urls.First()));

    private async Task<WebApplication> ServerAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddLogging(logging => logging.ClearProviders()).AddRoutingCore();
        // What signs the cookie is the servers' own business to share.
        builder.Services.AddDataProtection().SetApplicationName("app").PersistKeysToFileSystem(new DirectoryInfo(keys.Path));
        builder.Services.AddHalDistributedCache(silo.Options with { KeyPrefix = Prefix });
        builder.Services.AddSession(session => session.IdleTimeout = Idle);
        var server = builder.Build();
        server.UseSession();
        server.Run(async context =>
        {
            var visits = (context.Session.GetInt32("visits") ?? 0) + 1;
            context.Session.SetInt32("visits", visits);
            await context.Response.WriteAsync($"{visits}");
        });
        await server.StartAsync();
        return server;
    }
}
