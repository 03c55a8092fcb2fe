using System.Net;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Processes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hal.Cache.Client.Tests;

public sealed class HttpControlPlaneTests
{
    private static readonly PinRequest Pin = (PinRequest)ControlPlaneSamples.Of(typeof(PinRequest));
    private static readonly object PinInfo = ControlPlaneSamples.Of(typeof(PinInfo));

    [Theory]
    [InlineData("given")]
    [InlineData(null)]
    public async Task Repeats_of_a_call_that_was_lost_have_one_idempotency_key(string? given)
    {
        var plane = new FakeControlPlane().On("IScheduling.PinAsync", PinInfo);
        var seen = 0;
        await using var server = await PlaneServer.StartAsync(plane, before: async (http, next) =>
        {
            await next(http);
            if (Interlocked.Increment(ref seen) < 3) http.Abort(); // done, and the answer is lost
        });
        using var client = server.Client();

        var answer = await client.Scheduling.PinAsync(Pin, given, CancellationToken.None);

        Assert.True(answer.IsOk, $"{answer.Error}");
        Assert.Equal(3, plane.Calls.Count);
        var key = Assert.Single(plane.Calls.Select(c => (string?)c.Arguments[1]).Distinct());
        if (given is null) Assert.NotNull(key);
        else Assert.Equal(given, key);
    }

    [Fact]
    public async Task Two_calls_without_a_key_have_two()
    {
        var plane = new FakeControlPlane().On("IScheduling.PinAsync", PinInfo);
        await using var server = await PlaneServer.StartAsync(plane);
        using var client = server.Client();

        await client.Scheduling.PinAsync(Pin, null, CancellationToken.None);
        await client.Scheduling.PinAsync(Pin, null, CancellationToken.None);

        Assert.Equal(2, plane.Calls.Select(c => c.Arguments[1]).Distinct().Count());
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_Unavailable_with_its_address()
    {
        var port = FreePort.Next();
        using var client = new HttpControlPlane(
            new ControlPlaneClientOptions { Url = new Uri($"http://127.0.0.1:{port}"), RetryDelay = TimeSpan.FromMilliseconds(1) }, TimeProvider.System);

        var answer = await client.Content.TotalsAsync(CancellationToken.None);

        Assert.Equal(CacheErrorCode.Unavailable, answer.Error?.Code);
        Assert.Contains($"127.0.0.1:{port}", answer.Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, CacheErrorCode.Unavailable, 3)]
    [InlineData(HttpStatusCode.BadGateway, CacheErrorCode.Unavailable, 3)]
    [InlineData(HttpStatusCode.NotFound, CacheErrorCode.Unavailable, 1)]
    [InlineData(HttpStatusCode.InternalServerError, CacheErrorCode.Unavailable, 1)]
    [InlineData(HttpStatusCode.Forbidden, CacheErrorCode.Refused, 1)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge, CacheErrorCode.Invalid, 1)]
    [InlineData(HttpStatusCode.TooManyRequests, CacheErrorCode.Busy, 1)]
    public async Task A_status_without_a_problem_has_its_error_and_only_passing_ones_are_tried_again(HttpStatusCode status, CacheErrorCode code, int tries)
    {
        var seen = 0;
        await using var server = await PlaneServer.StartAsync(new FakeControlPlane(), before: (http, _) =>
        {
            seen++;
            http.Response.StatusCode = (int)status;
            return http.Response.WriteAsync("<html>a proxy's page</html>");
        });
        using var client = server.Client();

        var answer = await client.Content.TotalsAsync(CancellationToken.None);

        Assert.Equal(code, answer.Error?.Code);
        Assert.Equal(tries, seen);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public async Task An_answer_that_is_none_is_Unavailable(string body)
    {
        await using var server = await PlaneServer.StartAsync(new FakeControlPlane(), before: (http, _) => http.Response.WriteAsync(body));
        using var client = server.Client();

        Assert.Equal(CacheErrorCode.Unavailable, (await client.Content.TotalsAsync(CancellationToken.None)).Error?.Code);
    }

    [Fact]
    public async Task A_secret_that_is_wrong_is_Refused_and_the_right_one_is_not()
    {
        var plane = new FakeControlPlane().On("IContent.TotalsAsync", ControlPlaneSamples.Of(typeof(ContentTotals)));
        await using var server = await PlaneServer.StartAsync(plane, "s3cret");
        using var without = server.Client();
        using var wrong = server.Client("s3cre");
        using var right = server.Client("s3cret");

        Assert.Equal(CacheErrorCode.Refused, (await without.Content.TotalsAsync(CancellationToken.None)).Error?.Code);
        Assert.Equal(CacheErrorCode.Refused, (await wrong.Content.TotalsAsync(CancellationToken.None)).Error?.Code);
        Assert.True((await right.Content.TotalsAsync(CancellationToken.None)).IsOk);
    }

    [Fact]
    public async Task A_secret_may_be_in_any_language()
    {
        var plane = new FakeControlPlane().On("IContent.TotalsAsync", ControlPlaneSamples.Of(typeof(ContentTotals)));
        await using var server = await PlaneServer.StartAsync(plane, "pässwört");
        using var client = server.Client("pässwört");

        var answer = await client.Content.TotalsAsync(CancellationToken.None);

        Assert.True(answer.IsOk, $"{answer.Error}");
    }

    [Fact]
    public async Task An_answer_that_is_longer_than_is_taken_says_so_and_is_not_asked_for_again()
    {
        var seen = 0;
        await using var server = await PlaneServer.StartAsync(new FakeControlPlane(), before: (http, _) =>
        {
            Interlocked.Increment(ref seen);
            return http.Response.WriteAsync(new string(' ', 1001));
        });
        using var client = new HttpControlPlane(
            new ControlPlaneClientOptions { Url = server.Url, AnswerBytesMax = 1000, RetryDelay = TimeSpan.FromMilliseconds(1) }, TimeProvider.System);

        var answer = await client.Content.TotalsAsync(CancellationToken.None);

        Assert.Contains("AnswerBytesMax (1000)", answer.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(1, seen);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_after_the_time_of_a_try()
    {
        var release = new TaskCompletionSource();
        await using var server = await PlaneServer.StartAsync(new FakeControlPlane(), before: (_, _) => release.Task);
        using var client = new HttpControlPlane(
            new ControlPlaneClientOptions { Url = server.Url, AttemptsMax = 1, AttemptTimeout = TimeSpan.FromMilliseconds(100) }, TimeProvider.System);

        var answer = await client.Content.TotalsAsync(CancellationToken.None);
        release.SetResult();

        Assert.Equal(CacheErrorCode.Unavailable, answer.Error?.Code);
        Assert.Contains("did not answer", answer.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_call_throws()
    {
        using var cancellation = new CancellationTokenSource();
        var release = new TaskCompletionSource();
        await using var server = await PlaneServer.StartAsync(new FakeControlPlane(), before: async (_, _) =>
        {
            await cancellation.CancelAsync();
            await release.Task;
        });
        using var client = server.Client();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.Content.TotalsAsync(cancellation.Token));
        release.SetResult();
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public async Task A_name_that_would_change_the_address_is_Invalid(string name)
    {
        await using var server = await PlaneServer.StartAsync(new FakeControlPlane());
        using var client = server.Client();

        Assert.Equal(CacheErrorCode.Invalid, (await client.Instances.GetAsync(name, CancellationToken.None)).Error?.Code);
        Assert.Equal(CacheErrorCode.Invalid, (await client.Instances.RemoveAsync(name, null, CancellationToken.None)).Error?.Code);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a?b#c")]
    [InlineData("é %2F")]
    public async Task A_name_is_one_segment_whatever_is_in_it(string name)
    {
        var plane = new FakeControlPlane().On("IInstances.RemoveAsync", Done.Value);
        await using var server = await PlaneServer.StartAsync(plane);
        using var client = server.Client();

        var answer = await client.Instances.RemoveAsync(name, null, CancellationToken.None);

        Assert.True(answer.IsOk, $"{answer.Error}");
        // A slash stays escaped on the server's side: a name can't have one.
        Assert.Equal(name.Replace("/", "%2F", StringComparison.Ordinal), Assert.Single(plane.Calls).Arguments[0]);
    }

    [Fact]
    public async Task Registration_gives_the_application_one_client()
    {
        await using var server = await PlaneServer.StartAsync(new FakeControlPlane());
        await using var services = new ServiceCollection().AddHalControlPlane(new ControlPlaneClientOptions { Url = server.Url }).BuildServiceProvider();

        Assert.IsType<HttpControlPlane>(services.GetRequiredService<IControlPlane>());
        Assert.Same(services.GetRequiredService<IControlPlane>(), services.GetRequiredService<IControlPlane>());
    }

    [Fact]
    public void A_setting_that_no_call_could_use_is_refused_by_its_name()
    {
        var url = new Uri("http://127.0.0.1");
        (string Name, ControlPlaneClientOptions Options)[] wrong =
        [
            ("Secret", new() { Url = url, Secret = "a\nb" }),
            ("AttemptsMax", new() { Url = url, AttemptsMax = 0 }),
            ("RetryDelay", new() { Url = url, RetryDelay = TimeSpan.FromSeconds(-1) }),
            ("RetryDelayMax", new() { Url = url, RetryDelayMax = TimeSpan.MaxValue }),
            ("AttemptTimeout", new() { Url = url, AttemptTimeout = TimeSpan.Zero }),
            ("StreamTimeout", new() { Url = url, StreamTimeout = TimeSpan.MaxValue }),
            ("AnswerBytesMax", new() { Url = url, AnswerBytesMax = 0 }),
            ("AnswerBytesMax", new() { Url = url, AnswerBytesMax = 3L << 30 }),
        ];

        foreach (var (name, options) in wrong)
            Assert.StartsWith(name + " ", Assert.Throws<ArgumentException>(() => new HttpControlPlane(options, TimeProvider.System)).Message, StringComparison.Ordinal);
        Assert.Null(new ControlPlaneClientOptions { Url = url, Secret = "s3cret" }.Problem());
    }

    [Theory]
    [InlineData("ftp://host")]
    [InlineData("http://host/?a=b")]
    [InlineData("/relative")]
    public void A_wrong_address_is_refused_at_once(string url) =>
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddHalControlPlane(new ControlPlaneClientOptions { Url = new Uri(url, UriKind.RelativeOrAbsolute) }));
}
