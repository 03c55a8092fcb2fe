using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Events;

namespace Hal.Cache.ControlPlane.Tests.Events;

public sealed class EventCursorTests
{
    [Fact]
    public void A_subscriber_that_fell_behind_is_told_how_much_it_lost_and_goes_on_with_the_oldest()
    {
        var log = new EventLog("log", eventsMax: 10);
        var cursor = new EventCursor(log, new Subscription { AfterPosition = 0 });
        for (var i = 1; i <= 25; i++) log.Add(Change(i));
        var items = cursor.Take(100);

        Assert.Equal(StreamNoticeKind.Started, items[0].Notice?.Kind);
        Assert.Equal((StreamNoticeKind.FellBehind, 15L), (items[1].Notice!.Kind, items[1].Notice!.Lost));
        Assert.Equal(Enumerable.Range(16, 10).Select(i => (long)i), items.Skip(2).Select(i => i.Position));
        Assert.False(cursor.HasMore);
    }

    [Fact]
    public void The_log_is_bounded_by_keys_too_but_keeps_the_newest_event()
    {
        var log = new EventLog("log", eventsMax: 10, keysMax: 100);
        for (var i = 1; i <= 5; i++) log.Add(Change(i, keys: 40));
        var kept = log.Last - log.Oldest + 1;
        log.Add(Change(6, keys: 500));

        Assert.Equal((2L, 6L, 6L), (kept, log.Oldest, log.Last));
    }

    private static ChangeEvent Change(long sequence, int keys = 1) => new()
    {
        Instance = "i",
        Epoch = 1,
        Sequence = sequence,
        Timestamp = DateTimeOffset.UnixEpoch,
        KeysEvicted = [.. Enumerable.Range(0, keys).Select(k => CacheKey.FromText($"{k}"))],
    };
}
