using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.Testing.ControlPlane;
using Microsoft.AspNetCore.Http;

namespace Hal.Cache.Client.Tests;

public sealed class EventStreamTests : IDisposable
{
    private static readonly ChangeEvent Change = (ChangeEvent)ControlPlaneSamples.Of(typeof(ChangeEvent));
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource over = new(Bound);
    private readonly Channel<long> positions = Channel.CreateUnbounded<long>();
    private readonly List<Subscription> subscriptions = [];
    private int ended;

    public void Dispose() => over.Dispose();

    [Fact]
    public async Task Items_come_as_they_are_told_and_an_end_is_the_callers()
    {
        await using var server = await PlaneServer.StartAsync(Plane());
        using var client = server.Client();
        await using var items = client.Events.SubscribeAsync(new Subscription { AfterPosition = 0, Instance = "a", Prefix = new(CacheKey.FromText("p")) }, over.Token).GetAsyncEnumerator();

        Assert.True(await items.MoveNextAsync());
        Assert.Equal(StreamNoticeKind.Started, items.Current.Notice?.Kind);
        for (var position = 1; position <= 3; position++)
        {
            positions.Writer.TryWrite(position);
            Assert.True(await items.MoveNextAsync());
            Assert.Equal(("log", position), (items.Current.LogId, items.Current.Position));
            Assert.Equal(Change.KeysAdded, items.Current.Event!.KeysAdded);
        }
        var subscription = Assert.Single(subscriptions);
        Assert.Equal((0L, "a", CacheKey.FromText("p")), (subscription.AfterPosition, subscription.Instance, subscription.Prefix!.Start));
        await over.CancelAsync();
        Assert.False(await items.MoveNextAsync());
    }

    [Fact]
    public async Task A_stream_that_broke_goes_on_after_the_last_item_and_begins_once()
    {
        var connections = new List<HttpContext>();
        await using var server = await PlaneServer.StartAsync(Plane(), before: (http, next) =>
        {
            lock (connections) connections.Add(http);
            return next(http);
        });
        using var client = server.Client();
        await using var items = client.Events.SubscribeAsync(new Subscription(), over.Token).GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync());
        positions.Writer.TryWrite(7);
        Assert.True(await items.MoveNextAsync());

        connections[0].Abort();
        var next = items.MoveNextAsync().AsTask();
        await SecondAloneAsync();
        positions.Writer.TryWrite(8);

        Assert.True(await next);
        Assert.Equal(8, items.Current.Position);
        Assert.Null(items.Current.Notice);
        Assert.Equal(("log", 7L), (subscriptions[1].LogId, subscriptions[1].AfterPosition));
    }

    [Fact]
    public async Task A_server_that_was_away_is_subscribed_to_again()
    {
        var plane = Plane();
        var server = await PlaneServer.StartAsync(plane);
        var port = server.Url.Port;
        using var client = server.Client();
        await using var items = client.Events.SubscribeAsync(new Subscription(), over.Token).GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync());
        await server.DisposeAsync(); // returns at once: a stream does not keep a server from stopping

        var next = items.MoveNextAsync().AsTask();
        await using var again = await PlaneServer.StartAsync(plane, port: port);
        await SecondAloneAsync();
        positions.Writer.TryWrite(1);

        Assert.True(await next);
        Assert.Equal(1, items.Current.Position);
    }

    [Fact]
    public async Task Disposing_of_the_client_ends_its_streams()
    {
        await using var server = await PlaneServer.StartAsync(Plane());
        var client = server.Client();
        await using var items = client.Events.SubscribeAsync(new Subscription(), over.Token).GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync());

        var next = items.MoveNextAsync().AsTask();
        client.Dispose();
        client.Dispose();

        Assert.False(await next);
        Assert.False(over.IsCancellationRequested);
        await using var late = client.Events.SubscribeAsync(new Subscription(), over.Token).GetAsyncEnumerator();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => late.MoveNextAsync().AsTask());
    }

    [Fact]
    public async Task A_subscription_that_is_refused_says_so_and_ends()
    {
        var plane = new FakeControlPlane().On("IEvents.SubscribeAsync", _ => Refusal());
        await using var server = await PlaneServer.StartAsync(plane);
        using var client = server.Client();

        var items = await client.Events.SubscribeAsync(new Subscription(), over.Token).ToListAsync();

        Assert.Equal((StreamNoticeKind.Refused, "too many"), (items.Single().Notice!.Kind, items.Single().Notice!.Message));

        static async IAsyncEnumerable<StreamItem> Refusal()
        {
            await Task.Yield();
            yield return new StreamItem { LogId = "log", Position = 0, Notice = new StreamNotice(StreamNoticeKind.Refused, "too many") };
        }
    }

    private FakeControlPlane Plane() => new FakeControlPlane().On("IEvents.SubscribeAsync", a => Stream((Subscription)a[0]!, (CancellationToken)a[1]!));

    private async IAsyncEnumerable<StreamItem> Stream(Subscription subscription, [EnumeratorCancellation] CancellationToken cancellation)
    {
        lock (subscriptions) subscriptions.Add(subscription);
        try
        {
            yield return new StreamItem { LogId = "log", Position = subscription.AfterPosition ?? 0, Notice = new StreamNotice(StreamNoticeKind.Started, "here") };
            await foreach (var position in positions.Reader.ReadAllAsync(cancellation))
                yield return new StreamItem { LogId = "log", Position = position, Event = Change };
        }
        finally
        {
            Interlocked.Increment(ref ended);
        }
    }

    /// <summary>Until the second subscription is there and the first is gone, which would otherwise take the position that is meant for the second.</summary>
    private Task SecondAloneAsync() =>
        ContractSuites.Until.TrueAsync(() => subscriptions.Count == 2 && Volatile.Read(ref ended) == 1, "a second subscription, and none beside it");
}
