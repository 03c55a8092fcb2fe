using System.Runtime.CompilerServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

/// <summary>Events; a stream that is lost is taken up where it ended, as often as it takes, until its caller or the client ends it.</summary>
internal sealed class HttpEvents(PlaneCalls calls, HttpClient http, ControlPlaneClientOptions options, TimeProvider time, CancellationToken disposed) : IEvents
{
    private const string Root = "v1/events";

    public Task<Result<ReportReply>> ReportAsync(EventBatch batch, CancellationToken cancellation) =>
        calls.SendAsync(HttpMethod.Post, new PlaneAddress(Root), batch, PlaneCalls.Json.EventBatch, PlaneCalls.Json.ReportReply, cancellation);

    public Task<Result<DigestReply>> CompareDigestsAsync(DigestQuery query, CancellationToken cancellation) =>
        calls.SendAsync(HttpMethod.Post, new PlaneAddress(Root).Path("digests"), query, PlaneCalls.Json.DigestQuery, PlaneCalls.Json.DigestReply, cancellation);

    public async IAsyncEnumerable<StreamItem> SubscribeAsync(Subscription subscription, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(disposed.IsCancellationRequested, typeof(HttpControlPlane));
        // HttpClient's end would leave a stream that it has begun alone.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, disposed);
        cancellation = either.Token;
        var begun = false;
        for (var failures = 0; !cancellation.IsCancellationRequested;)
        {
            await using var stream = await ItemStream.OpenAsync(http, calls, Address(subscription), options, time, cancellation);
            if (stream.Refused is { } refused)
            {
                yield return new StreamItem { LogId = "", Position = 0, Notice = new StreamNotice(StreamNoticeKind.Refused, refused.Message) };
                yield break;
            }
            while (await stream.NextAsync(cancellation) is { } item)
            {
                failures = 0;
                subscription = subscription with { AfterPosition = item.Position, LogId = item.LogId };
                // The caller's stream began once, however many connections it takes.
                if (begun && item.Notice?.Kind == StreamNoticeKind.Started) continue;
                begun = true;
                yield return item;
            }
            if (cancellation.IsCancellationRequested) yield break;
            try
            {
                await calls.WaitAsync(++failures, cancellation);
            }
            catch (OperationCanceledException)
            {
                yield break;
            }
        }
    }

    private static PlaneAddress Address(Subscription subscription) =>
        new PlaneAddress(Root).Query("after", subscription.AfterPosition).Query("log", subscription.LogId)
            .Query("instance", subscription.Instance).Prefix(subscription.Prefix);
}
