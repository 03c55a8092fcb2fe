using System.Net;
using System.Net.Http.Headers;

namespace Hal.Cache.Dashboard.Tests;

public sealed class DashboardEndpointsTests
{
    private const string Secret = "s3cret";

    public static TheoryData<string, string?> FilesAndSecrets
    {
        get
        {
            var data = new TheoryData<string, string?>();
            foreach (var file in DashboardFiles.Read().Keys.Append(""))
            {
                data.Add(file, null);
                data.Add(file, Secret);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(FilesAndSecrets))]
    public async Task A_file_is_served_with_its_type_and_without_the_secret(string file, string? secret)
    {
        await using var host = await DashboardHost.StartAsync(secret);

        using var response = await host.Client.GetAsync($"/dashboard/{file}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(DashboardFiles.Read()[file.Length > 0 ? file : "index.html"].Bytes, await response.Content.ReadAsByteArrayAsync());
        var type = Path.GetExtension(file) switch { ".mjs" => "text/javascript", ".css" => "text/css", ".svg" => "image/svg+xml", _ => "text/html" };
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("/dashboard/")]
    [InlineData("/dashboard/main.mjs")]
    [InlineData("/dashboard/nowhere")]
    [InlineData("/dashboard")]
    public async Task What_a_browser_may_do_with_an_answer_is_limited(string path)
    {
        await using var host = await DashboardHost.StartAsync();

        using var response = await host.Client.GetAsync(path);

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("DENY", response.Headers.GetValues("X-Frame-Options").Single());
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
    }

    [Fact]
    public async Task A_file_that_is_kept_is_asked_about_and_not_sent_again()
    {
        await using var host = await DashboardHost.StartAsync();
        using var first = await host.Client.GetAsync("/dashboard/style.css");

        using var same = await GetAsync(host, first.Headers.ETag!);
        using var other = await GetAsync(host, new EntityTagHeaderValue("\"of-an-earlier-version\""));

        Assert.True(first.Headers.CacheControl!.NoCache);
        Assert.False(first.Headers.ETag!.IsWeak);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Equal(first.Headers.ETag, same.Headers.ETag);
        Assert.Empty(await same.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public void Files_with_other_contents_have_other_tags()
    {
        var tags = DashboardFiles.Read().Values.Select(f => f.Tag.Tag.ToString()).ToArray();

        Assert.Equal(tags.Length, tags.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task HEAD_answers_as_GET_without_the_file()
    {
        await using var host = await DashboardHost.StartAsync();
        using var get = await host.Client.GetAsync("/dashboard/");

        using var head = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/dashboard/"));

        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/dashboard")]
    [InlineData("/?from=somewhere")]
    public async Task What_leads_to_the_page_leads_there_from_below_a_proxys_path_as_well(string path)
    {
        await using var host = await DashboardHost.StartAsync(Secret);

        using var response = await host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal("dashboard/", response.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("/dashboard/nowhere", null)]
    [InlineData("/dashboard/nowhere", Secret)]
    [InlineData("/dashboard/index.html/", null)]
    [InlineData("/dashboard/Main.mjs", null)]
    [InlineData("/dashboard/a/main.mjs", null)]
    [InlineData("/dashboard/..%2f..%2fetc%2fpasswd", null)]
    public async Task What_is_not_there_is_a_404_problem(string path, string? secret)
    {
        await using var host = await DashboardHost.StartAsync(secret);

        using var response = await host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Another_method_is_refused()
    {
        await using var host = await DashboardHost.StartAsync();

        using var response = await host.Client.PostAsync("/dashboard/", null);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/v1/instances")]
    [InlineData("/metrics")]
    [InlineData("/dashboards")]
    [InlineData("/nowhere")]
    public async Task The_page_opens_nothing_else(string path)
    {
        await using var host = await DashboardHost.StartAsync(Secret);

        using var response = await host.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private static async Task<HttpResponseMessage> GetAsync(DashboardHost host, EntityTagHeaderValue tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard/style.css");
        request.Headers.IfNoneMatch.Add(tag);
        return await host.Client.SendAsync(request);
    }
}
