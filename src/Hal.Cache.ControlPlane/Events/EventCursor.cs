using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Events;

/// <summary>One subscriber's place in the log. Not thread-safe.</summary>
internal sealed class EventCursor
{
    private readonly EventLog log;
    private readonly Subscription wanted;
    private StreamNotice? notice;
    private long position;

    public EventCursor(EventLog log, Subscription subscription)
    {
        this.log = log;
        wanted = subscription;
        position = subscription.AfterPosition ?? log.Last;
        if ((subscription.LogId is { } id && id != log.Id) || position > log.Last)
        {
            position = log.Oldest - 1;
            notice = new StreamNotice(StreamNoticeKind.OtherLog, "the position is not of this log, which begins anew with the control plane");
            return;
        }
        notice = new StreamNotice(StreamNoticeKind.Started, "");
    }

    /// <summary>There is something that <see cref="Take"/> has not given.</summary>
    public bool HasMore => notice is not null || position < log.Last;

    /// <summary>The next items, at most <paramref name="max"/>; none where the subscriber has seen all.</summary>
    public List<StreamItem> Take(int max)
    {
        var items = new List<StreamItem>();
        if (notice is not null)
        {
            items.Add(new StreamItem { LogId = log.Id, Position = position, Notice = notice });
            notice = null;
        }
        while (items.Count < max && position < log.Last)
        {
            if (position + 1 < log.Oldest)
            {
                var lost = log.Oldest - 1 - position;
                position = log.Oldest - 1;
                items.Add(new StreamItem
                {
                    LogId = log.Id,
                    Position = position,
                    Notice = new StreamNotice(StreamNoticeKind.FellBehind, $"{lost} events were dropped before they were read") { Lost = lost },
                });
                continue;
            }
            var change = log.At(++position);
            if (EventFilter.IsWanted(wanted, change)) items.Add(new StreamItem { LogId = log.Id, Position = position, Event = change });
        }
        return items;
    }
}
