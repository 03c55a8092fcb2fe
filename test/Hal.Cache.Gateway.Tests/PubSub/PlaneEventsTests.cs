using System.Collections.Concurrent;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.PubSub;

/// <summary>How the control plane's events are asked for again: seldom while this instance is refused, where they ended otherwise.</summary>
public sealed class PlaneEventsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualTimeProvider time = new(DateTimeOffset.UnixEpoch.AddDays(20_000));
    private readonly ChannelHub channels = new();
    private readonly ConcurrentQueue<(int Second, Subscription Place)> asked = new();
    private int second;

    [Fact]
    public async Task A_refused_instance_asks_ever_more_rarely_and_tells_its_subscribers_once()
    {
        await using PlaneEvents events = Follow(_ => [Notice(StreamNoticeKind.Refused)]);
        ClientSession client = Subscribe();

        await PassAsync(95);

        Assert.Equal([0, 2, 6, 14, 30, 62, 94], asked.Select(one => one.Second));
        Assert.Single(RelayHost.Instance.Got(client));
    }

    [Fact]
    public async Task A_stream_that_ends_after_refusals_is_taken_up_where_it_was_and_soon()
    {
        await using PlaneEvents events = Follow(attempt => attempt is 1 or 2 ? [Notice(StreamNoticeKind.Refused)] : [Notice(StreamNoticeKind.Started, position: 7)]);
        Subscribe();

        await PassAsync(9);

        Assert.Equal([0, 2, 6, 7, 8, 9], asked.Select(one => one.Second));
        Assert.Equal([null, null, null, 7L, 7L, 7L], asked.Select(one => one.Place.AfterPosition));
    }

    private PlaneEvents Follow(Func<int, StreamItem[]> answer)
    {
        var plane = new FakeControlPlane().On("IEvents.SubscribeAsync", arguments =>
        {
            asked.Enqueue((second, (Subscription)arguments[0]!));
            return StreamOf(answer(asked.Count));
        });
        return new PlaneEvents(channels, () => plane, time);
    }

    private ClientSession Subscribe()
    {
        var client = new ClientSession(1, "", "", DateTimeOffset.UnixEpoch, static () => { }, commands: 0);
        channels.Subscribe(client, SubscriptionKind.Channel, PlaneEvents.Channel.ToArray());
        return client;
    }

    // An attempt that is over has armed the timer of the next one.
    private async Task PassAsync(int seconds)
    {
        await time.WhenArmedAsync(1).WaitAsync(Patience);
        while (second < seconds)
        {
            second++;
            time.Advance(TimeSpan.FromSeconds(1));
            await time.WhenArmedAsync(1).WaitAsync(Patience);
        }
    }

    private static async IAsyncEnumerable<StreamItem> StreamOf(StreamItem[] items)
    {
        await Task.CompletedTask;
        foreach (StreamItem item in items) yield return item;
    }

    private static StreamItem Notice(StreamNoticeKind kind, long position = 0) =>
        new() { LogId = "log", Position = position, Notice = new(kind, "said by the test") };
}
