using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.ControlPlane.Http.Tests;

public sealed class EndpointTests
{
    [Fact]
    public async Task Instances_are_listed_with_their_sizes_and_limits()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a", "x", "y"), FakeInstance.WithKeys("b"));

        var list = JsonDocument.Parse(await host.Client.GetStringAsync("/v1/instances")).RootElement.GetProperty("instances");
        var one = await host.Client.GetStringAsync("/v1/instances/a");

        Assert.Equal(["a", "b"], list.EnumerateArray().Select(i => i.GetProperty("name").GetString()));
        var http = host.Client.BaseAddress!.Authority;
        Assert.Equal(
            $$"""{"name":"a","role":"root","respAddress":"127.0.0.1:6379","httpAddress":"{{http}}","health":"ready","keys":2,"memoryBytes":1,"memoryLimitBytes":2,"diskBytes":3,"diskLimitBytes":4}""",
            one);
    }

    [Theory]
    [InlineData("/v1/instances/nobody")]
    [InlineData("/v1/instances/nobody/inventory")]
    [InlineData("/v1/instances/A")]
    [InlineData("/nowhere")]
    [InlineData("/")]
    public async Task What_is_not_there_is_a_404_problem(string path)
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a"));

        await Problems.ReadAsync(await host.Client.GetAsync(path), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Another_method_is_a_405_problem_that_lists_what_is_allowed()
    {
        await using var host = await HttpHost.StartAsync();

        var response = await host.Client.PostAsync("/v1/instances", null);

        Assert.Equal(["GET"], response.Content.Headers.Allow);
        await Problems.ReadAsync(response, HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task A_bug_is_a_500_problem_that_does_not_tell_the_exception()
    {
        await using var host = await HttpHost.StartAsync(new FakeInstance("a", []) { Broken = true });

        var problem = await Problems.ReadAsync(await host.Client.GetAsync("/v1/instances/a"), HttpStatusCode.InternalServerError);

        Assert.DoesNotContain("on purpose", problem.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(InstanceHealth.Ready, true)]
    [InlineData(InstanceHealth.ReadOnly, true)]
    [InlineData(InstanceHealth.Starting, false)]
    [InlineData(InstanceHealth.Draining, false)]
    [InlineData(InstanceHealth.Failed, false)]
    public async Task Readiness_follows_every_instance_and_liveness_none(InstanceHealth health, bool ready)
    {
        var second = FakeInstance.WithKeys("b");
        second.Health = health;
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a"), second);

        using var live = await host.Client.GetAsync("/health/live");
        var response = await host.Client.GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        if (ready) Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        else Assert.Contains("instance b", (await Problems.ReadAsync(response, HttpStatusCode.ServiceUnavailable)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/instances")]
    [InlineData("/v1/instances/a/inventory")]
    [InlineData("/metrics")]
    public async Task A_secret_is_asked_for_where_one_is_set(string path)
    {
        await using var host = await HttpHost.StartAsync("s3cret", FakeInstance.WithKeys("a"));

        var without = await host.Client.GetAsync(path);
        Assert.Equal("Bearer", without.Headers.WwwAuthenticate.Single().Scheme);
        await Problems.ReadAsync(without, HttpStatusCode.Unauthorized);
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cre");
        await Problems.ReadAsync(await host.Client.GetAsync(path), HttpStatusCode.Unauthorized);
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cret");
        using var with = await host.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, with.StatusCode);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/openapi.yaml")]
    public async Task Probes_and_the_description_need_no_secret(string path)
    {
        await using var host = await HttpHost.StartAsync("s3cret");

        using var response = await host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public void Every_error_code_has_an_error_status() =>
        Assert.All(Enum.GetValues<CacheErrorCode>(), code => Assert.InRange(ErrorResults.Status(code), 400, 599));
}
