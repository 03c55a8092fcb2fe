using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ControlPlane.Content;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>
/// An instance's side of the truth: takes its changes (from any thread), numbers and batches them, keeps digests, registers again when the
/// control plane was away. Messages go out by <see cref="Next"/>, for one caller at a time, and answers come back, in any order, late, twice or never.
/// </summary>
/// <remarks>
/// One batch or query is under way at a time, so that digests are compared at a sequence that both ends have; heartbeats go beside it.
/// The store calls in under its shard's lock, so the scan is never read with the gate held.
/// </remarks>
public sealed class InstanceReporter : IContentSink
{
    private readonly Lock gate = new();
    private readonly InstanceRegistration registration;
    private readonly ReporterOptions options;
    private readonly IContentScan scan;
    private readonly TimeProvider time;
    private readonly SlotDigests digests;
    private readonly PendingChanges pending;
    private readonly RepairCourse course;
    private readonly MessageSlot sent;
    private readonly HeartbeatMaker heartbeats;
    private readonly List<FetchHint> fetches = [];
    private EventBatch? batch;
    private bool registered;
    private long acknowledged;
    private long overflows;
    private CacheError? refused;
    private DateTimeOffset retryAt;
    private DateTimeOffset scanAt;

    /// <summary>A reporter for one epoch of an instance, which the registration names.</summary>
    /// <param name="startsEmpty">The store tells everything from its empty state on, recovery included, so that digests are known from the start.</param>
    public InstanceReporter(InstanceRegistration registration, ReporterOptions options, IContentScan scan, TimeProvider time, bool startsEmpty)
    {
        this.registration = registration;
        this.options = options;
        this.scan = scan;
        this.time = time;
        digests = new SlotDigests(startsEmpty);
        pending = new PendingChanges(registration.Name, registration.Epoch);
        course = new RepairCourse(registration.Name, registration.Epoch, digests);
        sent = new MessageSlot(options.RequestTimeout);
        heartbeats = new HeartbeatMaker(registration, options);
    }

    public ReporterStatus Status
    {
        get
        {
            lock (gate)
            {
                return new ReporterStatus
                {
                    Registered = registered,
                    Pending = pending.Count,
                    IsSettled = registered && pending.Count == 0 && batch is null && course.Phase == RepairPhase.Idle,
                    Overflows = overflows,
                    Scans = course.Scans,
                    Refused = refused,
                    PrestageWaiting = heartbeats.Lease?.PrestageWaiting ?? false,
                    PinsRevision = heartbeats.Lease?.PinsRevision ?? 0,
                };
            }
        }
    }

    /// <summary>A key was added or changed; call it in the order of the key's changes.</summary>
    /// <param name="source">The instance it was fetched from; null for a client's write or an origin.</param>
    /// <param name="retrievalMs">Time from miss to last byte; null where nothing was fetched.</param>
    public void Added(ReadOnlySpan<byte> key, int database, long sizeBytes, long version, Before before, string? source = null, double? retrievalMs = null)
    {
        var slot = HashSlot.Of(key);
        var hash = EntryDigest.OfKey(key, database);
        var change = new PendingChange(new CacheKey(key.ToArray(), database), time.GetUtcNow())
        {
            SizeBytes = sizeBytes,
            Version = version,
            Modification = before.Kind == BeforeKind.Copy,
            Source = source,
            RetrievalMs = retrievalMs,
        };
        lock (gate)
        {
            digests.Change(slot, hash, before, (sizeBytes, version));
            Add(change);
        }
    }

    /// <summary>A key left; call it in the order of the key's changes.</summary>
    public void Removed(ReadOnlySpan<byte> key, int database, RemovalReason reason, Before before)
    {
        if (before.Kind == BeforeKind.Nothing) return;
        var slot = HashSlot.Of(key);
        var hash = EntryDigest.OfKey(key, database);
        var change = new PendingChange(new CacheKey(key.ToArray(), database), time.GetUtcNow()) { Removal = reason };
        lock (gate)
        {
            digests.Change(slot, hash, before, null);
            Add(change);
        }
    }

    /// <summary>A key was found at the start: it counts in the digests, and is told only where the control plane has it not.</summary>
    public void Recovered(ReadOnlySpan<byte> key, int database, long sizeBytes, long version, Before before)
    {
        var slot = HashSlot.Of(key);
        var hash = EntryDigest.OfKey(key, database);
        lock (gate) digests.Change(slot, hash, before, (sizeBytes, version));
    }

    /// <summary>A database is being emptied or exchanged, too many changes to tell one by one: all is compared anew.</summary>
    public void ChangedThroughout()
    {
        lock (gate)
        {
            course.Restart();
            digests.Lose();
        }
    }

    /// <summary>A fetch began, or came to nothing.</summary>
    public void Fetching(FetchHint fetch)
    {
        lock (gate)
        {
            if (fetches.Count < options.FetchHintsMax) fetches.Add(fetch);
        }
    }

    /// <summary>Goes into the next heartbeat: load, measured links, popular keys.</summary>
    public void Measured(InstanceLoad load, IReadOnlyList<LinkObservation> links, IReadOnlyList<KeyReads> popular)
    {
        lock (gate) heartbeats.Measured(load, links, popular);
    }

    void IContentSink.Tell(ReadOnlySpan<byte> key, int database, long sizeBytes, long version)
    {
        var slot = HashSlot.Of(key);
        lock (gate)
        {
            if (!course.IsTold(slot)) return;
            digests.Tell(slot, EntryDigest.OfKey(key, database), sizeBytes, version);
            Add(new PendingChange(new CacheKey(key.ToArray(), database), time.GetUtcNow()) { SizeBytes = sizeBytes, Version = version });
        }
    }

    /// <summary>The next message that is due; null where there is none for now.</summary>
    public ReporterMessage? Next()
    {
        Scan();
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (registered && heartbeats.Next(now, pending.Count == 0 ? digests.Total : null, pending.Sequence, sent.NewId) is { } heartbeat) return heartbeat;
            if (sent.Message is { } waiting) return sent.IsLost(now) ? sent.Again(now) : null;
            if (now < retryAt) return null;
            if (!registered) return sent.Send(new ReporterMessage(0) { Registration = registration with { Sequence = acknowledged } }, now);
            if (batch is null && course.Query is { } query) return sent.Send(new ReporterMessage(0) { Query = query }, now);
            return NextBatch(now);
        }
    }

    /// <summary>Takes the answer to a registration or heartbeat.</summary>
    public void Take(long id, Result<InstanceLease> answer)
    {
        lock (gate)
        {
            var isHeartbeat = heartbeats.Take(id);
            if (!isHeartbeat && !(sent.Message?.Registration is not null && sent.Take(id))) return;
            if (!answer.IsOk)
            {
                Refuse(answer.Error);
                return;
            }
            refused = null;
            heartbeats.Lease = answer.Value;
            if (!isHeartbeat)
            {
                registered = true;
                course.Restart();
            }
            else if (answer.Value.DigestWanted)
            {
                course.Doubt();
            }
        }
    }

    /// <summary>Takes the answer to a batch.</summary>
    public void Take(long id, Result<ReportReply> answer)
    {
        lock (gate)
        {
            if (sent.Message?.Batch is null || !sent.Take(id)) return;
            if (!answer.IsOk)
            {
                if (answer.Error.Code == CacheErrorCode.Invalid) Drop();
                Refuse(answer.Error);
                return;
            }
            refused = null;
            acknowledged = Math.Max(acknowledged, answer.Value.AppliedSequence);
            course.Sent(batch!);
            batch = null;
            if (answer.Value.DigestWanted) course.Doubt();
        }
    }

    /// <summary>Takes the answer to digests.</summary>
    public void Take(long id, Result<DigestReply> answer)
    {
        lock (gate)
        {
            if (sent.Message?.Query is null || !sent.Take(id)) return;
            if (!answer.IsOk)
            {
                course.Restart();
                Refuse(answer.Error);
                return;
            }
            refused = null;
            if (course.Take(answer.Value) is not { } begin) return;
            scanAt = time.GetUtcNow() + options.RepairPause;
            Add(new PendingChange(default, time.GetUtcNow()) { Mark = begin });
        }
    }

    private ReporterMessage? NextBatch(DateTimeOffset now)
    {
        if (batch is null)
        {
            var comparing = course.WantsDigests && now >= scanAt;
            var due = pending.Count >= options.BatchKeys || pending.OldestAt <= now - options.BatchDelay || fetches.Count > 0 || comparing;
            if (!due) return null;
            var cut = pending.Count == 0 && fetches.Count == 0 ? null : pending.Cut(Math.Min(options.BatchKeys + fetches.Count, ControlPlaneLimits.BatchKeysMax), [.. fetches]);
            fetches.Clear();
            if (comparing && pending.Count == 0) course.Take(pending.Sequence);
            batch = cut;
        }
        if (batch is not null) return sent.Send(new ReporterMessage(0) { Batch = batch }, now);
        return course.Query is { } query ? sent.Send(new ReporterMessage(0) { Query = query }, now) : null;
    }

    private void Add(PendingChange change)
    {
        if (pending.Count >= options.PendingMax)
        {
            overflows++;
            pending.Lose();
            course.Restart();
        }
        pending.Add(change);
    }

    private void Scan()
    {
        while (true)
        {
            ulong from;
            long of;
            lock (gate)
            {
                // No more than two batches wait, so that a scan holds up no live change and needs no room.
                if (course.Phase != RepairPhase.Scanning || pending.Count >= 2 * options.BatchKeys) return;
                (from, of) = (course.Cursor, course.Scans);
            }
            var next = scan.Read(from, options.BatchKeys, this);
            lock (gate)
            {
                if (course.Phase != RepairPhase.Scanning || course.Scans != of) return;
                course.Cursor = next;
                if (next == 0) Add(new PendingChange(default, time.GetUtcNow()) { Mark = course.End() });
            }
        }
    }

    private void Refuse(CacheError error)
    {
        refused = error;
        retryAt = time.GetUtcNow() + options.RetryDelay;
        if (error.Code is not (CacheErrorCode.NotFound or CacheErrorCode.StaleEpoch) || !registered) return;
        registered = false;
        sent.Forget();
        course.Restart();
    }

    // A batch that breaks a rule would be refused for ever; the gap that it leaves is repaired.
    private void Drop()
    {
        batch = null;
        course.Restart();
    }
}
