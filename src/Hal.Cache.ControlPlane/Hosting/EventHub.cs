using System.Runtime.CompilerServices;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Events;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The event log with a bell for its subscribers; taking an event never waits for one of them.</summary>
internal sealed class EventHub(EventLog log)
{
    private const int ItemsPerTurn = 256;

    private readonly Lock gate = new();
    private TaskCompletionSource bell = NewBell();
    private int subscribers;

    /// <summary>The log, and the position of its newest event.</summary>
    public (string LogId, long Position) Last
    {
        get
        {
            lock (gate) return (log.Id, log.Last);
        }
    }

    public void Add(IReadOnlyList<ChangeEvent> changes)
    {
        if (changes.Count == 0) return;
        TaskCompletionSource rung;
        lock (gate)
        {
            foreach (var change in changes) log.Add(change);
            rung = bell;
            bell = NewBell();
        }
        rung.SetResult();
    }

    public async IAsyncEnumerable<StreamItem> SubscribeAsync(Subscription subscription, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (Refusal(subscription) is { } refusal)
        {
            yield return new StreamItem { LogId = log.Id, Position = 0, Notice = new StreamNotice(StreamNoticeKind.Refused, refusal) };
            yield break;
        }
        try
        {
            EventCursor cursor;
            lock (gate) cursor = new EventCursor(log, subscription);
            while (!cancellation.IsCancellationRequested)
            {
                List<StreamItem> items;
                Task rings;
                lock (gate)
                {
                    items = cursor.Take(ItemsPerTurn);
                    rings = cursor.HasMore ? Task.CompletedTask : bell.Task;
                }
                foreach (var item in items)
                {
                    if (cancellation.IsCancellationRequested) yield break;
                    yield return item;
                }
                try
                {
                    await rings.WaitAsync(cancellation);
                }
                catch (OperationCanceledException)
                {
                    yield break;
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref subscribers);
        }
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Counts the subscriber in where it is not refused.
    private string? Refusal(Subscription subscription)
    {
        if (subscription.AfterPosition < 0) return $"afterPosition is {subscription.AfterPosition}; it must be 0 or more";
        if (subscription.Prefix is { } prefix && !(prefix.Start.Bytes.Length is >= 1 and <= ControlPlaneLimits.PrefixBytesMax))
            return $"a prefix has 1 to {ControlPlaneLimits.PrefixBytesMax} bytes";
        if (Interlocked.Increment(ref subscribers) <= ControlPlaneLimits.SubscribersMax) return null;
        Interlocked.Decrement(ref subscribers);
        return $"there are {ControlPlaneLimits.SubscribersMax} subscribers already, which is the limit (SubscribersMax)";
    }
}
