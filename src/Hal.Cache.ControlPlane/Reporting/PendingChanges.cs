using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>Changes that wait, and how they become batches; numbered when they are cut. Not thread-safe.</summary>
internal sealed class PendingChanges(string instance, long epoch)
{
    private readonly Queue<PendingChange> changes = new();

    public int Count => changes.Count;

    /// <summary>Sequence of the last change that was cut.</summary>
    public long Sequence { get; private set; }

    public DateTimeOffset? OldestAt => changes.TryPeek(out var oldest) ? oldest.At : null;

    public void Add(PendingChange change) => changes.Enqueue(change);

    /// <summary>Drops everything and leaves a gap in the numbers, by which the control plane sees that something is missing.</summary>
    public void Lose()
    {
        changes.Clear();
        Sequence++;
    }

    /// <summary>Takes as much as a batch holds.</summary>
    public EventBatch Cut(int keysMax, IReadOnlyList<FetchHint> fetches)
    {
        var events = new List<ChangeEvent>();
        var marks = new List<RepairMark>();
        var run = new List<PendingChange>();
        var keys = fetches.Count;
        var bytes = fetches.Sum(f => f.Key.Bytes.Length);
        while (changes.TryPeek(out var next) && keys < keysMax && events.Count + marks.Count + 1 < ControlPlaneLimits.BatchEventsMax)
        {
            bytes += next.Key.Bytes.Length;
            if (keys > fetches.Count && bytes > ControlPlaneLimits.BatchKeyBytesMax) break;
            changes.Dequeue();
            if (run.Count > 0 && !next.Joins(run[0])) Close(run, events);
            if (next.Mark is { } mark)
            {
                marks.Add(mark with { Sequence = ++Sequence });
                continue;
            }
            run.Add(next);
            keys++;
        }
        if (run.Count > 0) Close(run, events);
        return new EventBatch { Instance = instance, Epoch = epoch, Events = events, Marks = marks, Fetches = fetches };
    }

    private void Close(List<PendingChange> run, List<ChangeEvent> events)
    {
        var first = run[0];
        var keys = run.ConvertAll(c => c.Key);
        var change = new ChangeEvent { Instance = instance, Epoch = epoch, Sequence = ++Sequence, Timestamp = first.At };
        events.Add(first.Removal is null
            ? change with
            {
                KeysAdded = keys,
                KeySizes = run.ConvertAll(c => c.SizeBytes),
                KeyVersions = run.ConvertAll(c => c.Version),
                Modification = first.Modification,
                SourceInstance = first.Source,
                RetrievalTimeMs = first.RetrievalMs,
            }
            : change with { KeysEvicted = keys, RemovalReasons = run.ConvertAll(c => c.Removal ?? RemovalReason.Evicted) });
        run.Clear();
    }
}
