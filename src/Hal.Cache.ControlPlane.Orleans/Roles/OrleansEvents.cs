using System.Runtime.CompilerServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>Events; a stream that is lost, as where its silo dies, is taken up where it ended, as often as it takes.</summary>
internal sealed class OrleansEvents(Func<ITreeGrain> grain, Func<string, ICacheInstanceGrain> instance, GrainCalls calls) : IEvents
{
    public Task<Result<ReportReply>> ReportAsync(EventBatch batch, CancellationToken cancellation) =>
        calls.CallAsync(() => instance(batch.Instance).ReportAsync(batch, cancellation), cancellation);

    public Task<Result<DigestReply>> CompareDigestsAsync(DigestQuery query, CancellationToken cancellation) =>
        calls.CallAsync(() => instance(query.Instance).CompareDigestsAsync(query, cancellation), cancellation);

    public async IAsyncEnumerable<StreamItem> SubscribeAsync(Subscription subscription, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var begun = false;
        for (var failures = 0; !cancellation.IsCancellationRequested;)
        {
            await using var items = grain().SubscribeAsync(subscription, cancellation).GetAsyncEnumerator(cancellation);
            while (await NextAsync(items, cancellation) is { } item)
            {
                failures = 0;
                subscription = subscription with { AfterPosition = item.Position, LogId = item.LogId };
                // The caller's stream began once, however many silos it took.
                if (begun && item.Notice?.Kind == StreamNoticeKind.Started) continue;
                begun = true;
                yield return item;
                if (item.Notice?.Kind == StreamNoticeKind.Refused) yield break;
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

    // Null where the stream was lost or ended: it has to be opened again, or the caller has had enough.
    private static async Task<StreamItem?> NextAsync(IAsyncEnumerator<StreamItem> items, CancellationToken cancellation)
    {
        try
        {
            return await items.MoveNextAsync() ? items.Current : null;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception failure) when (GrainCalls.IsLoss(failure))
        {
            return null;
        }
    }
}
