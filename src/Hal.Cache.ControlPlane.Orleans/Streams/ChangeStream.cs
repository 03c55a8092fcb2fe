using System.Runtime.CompilerServices;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Streams;

namespace Hal.Cache.ControlPlane.Orleans.Streams;

/// <summary>
/// A tree's change events by an Orleans stream, for .NET services in or at the cluster: every event that the log has, once, in the order of
/// its positions. What the stream loses, as where a silo dies or the reader is slow, is read from the log; what the log has lost is told.
/// </summary>
public sealed class ChangeStream(IClusterClient client, OrleansPlaneOptions options, TimeProvider time)
{
    /// <summary>The grain storage that a silo must have, in which Orleans keeps who reads.</summary>
    public const string SubscriptionStore = ProviderConstants.DEFAULT_PUBSUB_PROVIDER_NAME;

    internal const string Provider = "hal-changes";

    // What is silent for so long is asked whether it has anything.
    private static readonly TimeSpan QuietMax = TimeSpan.FromSeconds(5);

    private readonly GrainCalls calls = new(options, time);
    private readonly IEvents log = new OrleansControlPlane(client, options, time).Events;

    /// <summary>Events that wait for the reader at most; those beyond are read from the log later.</summary>
    public int BufferedMax { get; init; } = 1024;

    /// <summary>Reads from a position on until it is cancelled.</summary>
    public async IAsyncEnumerable<StreamItem> ReadAsync(Subscription subscription, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        // Positions must have no gaps but those of losses, so everything is read and what is not wanted is left out here.
        var place = new Subscription { AfterPosition = subscription.AfterPosition, LogId = subscription.LogId };
        var begun = false;
        await using var inbox = new StreamInbox(() => Of(client.GetStreamProvider(Provider), options.Tree), BufferedMax, time);
        for (var failures = 0; !cancellation.IsCancellationRequested;)
        {
            // Listened to first, so that nothing is between the log's newest and the stream's first.
            var isOpen = await inbox.OpenAsync();
            var newest = await calls.AskAsync(() => client.GetGrain<ITreeGrain>(options.Tree).WantStreamAsync(), CancellationToken.None);
            if (!isOpen || !newest.IsOk)
            {
                if (!await PauseAsync(++failures, cancellation)) yield break;
                continue;
            }
            failures = 0;
            if (!begun || place.LogId != newest.Value.LogId || place.AfterPosition < newest.Value.Position)
            {
                // The stream was silent about these: it may have lost its subscriber.
                if (begun) inbox.Suspect();
                await foreach (var item in log.SubscribeAsync(place, cancellation))
                {
                    place = place with { AfterPosition = item.Position, LogId = item.LogId };
                    var isWanted = item.Event is { } change ? EventFilter.IsWanted(subscription, change) : !begun || item.Notice?.Kind != StreamNoticeKind.Started;
                    if (isWanted) yield return item;
                    begun = true;
                    if (item.Notice?.Kind == StreamNoticeKind.Refused) yield break;
                    if (item.LogId != newest.Value.LogId || item.Position >= newest.Value.Position) break;
                }
            }
            while (await inbox.NextAsync(QuietMax, cancellation) is { Event: { } change } next)
            {
                if (next.LogId == place.LogId && next.Position <= place.AfterPosition) continue;
                if (next.LogId != place.LogId || next.Position != place.AfterPosition + 1) break;
                place = place with { AfterPosition = next.Position };
                if (EventFilter.IsWanted(subscription, change)) yield return next;
            }
        }
    }

    internal static IAsyncStream<StreamItem> Of(IStreamProvider provider, string tree) => provider.GetStream<StreamItem>(StreamId.Create("changes", tree));

    private async Task<bool> PauseAsync(int failures, CancellationToken cancellation)
    {
        try
        {
            await calls.WaitAsync(failures, cancellation);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
