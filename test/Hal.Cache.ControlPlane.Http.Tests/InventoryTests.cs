using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Http.Tests;

public sealed class InventoryTests(ITestOutputHelper output)
{
    private const int Million = 1_000_000;

    [Fact]
    public async Task Pages_tell_every_key_once_when_they_are_walked_by_cursor()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithManyKeys("a", 2500));
        var keys = new List<string>();
        var cursor = "0";
        do
        {
            using var page = await PageAsync(host, $"/v1/instances/a/inventory?cursor={cursor}&limit=700");
            Assert.Equal("a", page.RootElement.GetProperty("instance").GetString());
            keys.AddRange(page.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("key").GetString()!));
            cursor = page.RootElement.GetProperty("cursor").GetString()!;
        }
        while (cursor != "0");

        Assert.Equal(Enumerable.Range(0, 2500).Select(i => $"key:{i:D12}"), keys);
    }

    [Theory]
    [InlineData("", 1000)]
    [InlineData("?limit=1", 3)] // the fake's buckets have three
    [InlineData("?limit=10000", 10_000)]
    public async Task A_page_has_the_number_of_items_that_was_asked_for(string query, int expected)
    {
        var instance = FakeInstance.WithManyKeys("a", 20_000);
        await using var host = await HttpHost.StartAsync(instance);

        using var page = await PageAsync(host, "/v1/instances/a/inventory" + query);

        Assert.Equal(expected, page.RootElement.GetProperty("items").GetArrayLength());
        Assert.InRange(instance.LargestRead, 1, HttpLimits.InventoryBatch);
    }

    [Fact]
    public async Task A_page_of_an_empty_instance_has_no_items_and_ends_the_walk()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a"));

        Assert.Equal("""{"instance":"a","items":[],"cursor":"0"}""", await host.Client.GetStringAsync("/v1/instances/a/inventory"));
    }

    [Fact]
    public async Task A_page_with_a_pattern_goes_on_by_cursor_when_little_matches()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithManyKeys("a", HttpLimits.PageScannedMax + 2 * HttpLimits.InventoryBatch));

        using var first = await PageAsync(host, "/v1/instances/a/inventory?match=none&limit=10000");
        using var only = await PageAsync(host, "/v1/instances/a/inventory?match=key:000000000007&limit=5");

        Assert.Empty(first.RootElement.GetProperty("items").EnumerateArray());
        Assert.NotEqual("0", first.RootElement.GetProperty("cursor").GetString());
        Assert.Single(only.RootElement.GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("quote\" back\\slash \n\t\r\u0001 \u007f")]
    [InlineData("żółć \U0001F600 \u2028")]
    [InlineData("")]
    public async Task Keys_of_valid_UTF8_come_as_text(string key)
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a", key));

        using var page = await PageAsync(host, "/v1/instances/a/inventory");

        var item = page.RootElement.GetProperty("items")[0];
        Assert.Equal(key, item.GetProperty("key").GetString());
        Assert.Equal(100, item.GetProperty("bytes").GetInt64());
        Assert.False(item.TryGetProperty("database", out _));
    }

    [Fact]
    public async Task Binary_keys_come_as_base64_and_other_databases_by_number()
    {
        var random = new Random(20261);
        var keys = Enumerable.Range(1, 300).Select(n => { var k = new byte[n]; random.NextBytes(k); k[0] = 0xff; return k; }).ToArray();
        await using var host = await HttpHost.StartAsync(new FakeInstance("a", [.. keys.Select((k, i) => (i % 3, k, (long)k.Length))]));

        using var page = await PageAsync(host, "/v1/instances/a/inventory?limit=300");

        var items = page.RootElement.GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal(keys, items.Select(i => i.GetProperty("keyBase64").GetBytesFromBase64()));
        Assert.All(items, i => Assert.False(i.TryGetProperty("key", out _)));
        Assert.Equal([0, 1, 2], items[..3].Select(i => i.TryGetProperty("database", out var d) ? d.GetInt32() : 0));
    }

    [Fact]
    public async Task A_key_larger_than_any_buffer_comes_whole()
    {
        var key = new string('"', 3 << 20);
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a", "x", key, "y"));

        using var page = await PageAsync(host, "/v1/instances/a/inventory");

        Assert.Equal(["x", key, "y"], page.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("key").GetString()));
    }

    [Fact]
    public async Task The_stream_tells_a_million_keys()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithManyKeys("a", Million));
        var started = Stopwatch.GetTimestamp();
        var (lines, bytes) = await CountLinesAsync(host);

        output.WriteLine($"{lines} lines, {bytes} bytes in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");
        Assert.Equal(Million, lines);
    }

    [Fact]
    public async Task The_stream_has_an_object_per_line_that_matches()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a", "k1", "other", "k\n2"));

        var body = await NdjsonAsync(host, "/v1/instances/a/inventory?match=k");

        Assert.Equal("{\"key\":\"k1\",\"bytes\":100}\n{\"key\":\"k\\n2\",\"bytes\":102}\n", body);
    }

    [Theory]
    [InlineData("?cursor=x", "cursor")]
    [InlineData("?cursor=-1", "cursor")]
    [InlineData("?cursor=99999999999999999999", "cursor")]
    [InlineData("?cursor=%201", "cursor")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=10001", "limit")]
    [InlineData("?limit=ten", "limit")]
    public async Task A_bad_parameter_is_refused_with_its_name_and_rule(string query, string parameter)
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a"));

        var problem = await Problems.ReadAsync(await host.Client.GetAsync("/v1/instances/a/inventory" + query), HttpStatusCode.BadRequest);

        Assert.Contains(parameter, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pattern_beyond_its_limit_is_refused()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a"));

        await Problems.ReadAsync(
            await host.Client.GetAsync("/v1/instances/a/inventory?match=" + new string('x', HttpLimits.MatchBytesMax + 1)), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task The_stream_refuses_a_cursor()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys("a"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/instances/a/inventory?cursor=1");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));

        await Problems.ReadAsync(await host.Client.SendAsync(request), HttpStatusCode.BadRequest);
    }

    private static async Task<JsonDocument> PageAsync(HttpHost host, string path)
    {
        using var response = await host.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
    }

    private static async Task<string> NdjsonAsync(HttpHost host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
        using var response = await host.Client.SendAsync(request);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        return Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
    }

    private static async Task<(int Lines, long Bytes)> CountLinesAsync(HttpHost host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/instances/a/inventory");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[64 << 10];
        var (lines, bytes) = (0, 0L);
        for (int read; (read = await body.ReadAsync(buffer)) > 0; bytes += read) lines += buffer.AsSpan(0, read).Count((byte)'\n');
        return (lines, bytes);
    }
}
