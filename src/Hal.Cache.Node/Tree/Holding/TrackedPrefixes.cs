using Hal.Cache.Coherence;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// What the authority tells of keys that clients here track, beside the copies: asked for by prefix, asked for again in each session, and
/// where something may have been missed the tracker hears that. Used under the lock of the copies' host.
/// </summary>
internal sealed class TrackedPrefixes(TreeOptions options, CopyHolder holder, CopyStore copies, AuthorityConnection connection)
{
    private readonly FrameWriter frame = new();
    private Request? request;
    private uint number;
    private uint sessionSeen;
    private bool leaseRan;

    /// <summary>
    /// Asks the authority to tell of every change of a key with one of these prefixes; completes when it does, and where it can't be reached,
    /// when the connection is back and the tracker has heard that anything may have changed.
    /// </summary>
    public Task TrackAsync(IReadOnlyCollection<byte[]> wanted)
    {
        request?.Known.TrySetResult(); // the newer request is for those as well who wait for the older one
        request = new(++number, [.. wanted], new(TaskCreationOptions.RunContinuationsAsynchronously));
        Send();
        return request.Known.Task;
    }

    /// <summary>Asks anew, as on a new connection.</summary>
    public void Send()
    {
        if (request == null || (request.Prefixes.Length == 0 && request.Known.Task.IsCompleted))
            return;
        request.IsRepeated |= connection.Channel == null || request.IsSent;
        if (connection.Channel is not { } channel)
            return;
        request.IsSent = true;
        TrackingFrames.WritePrefixes(frame, options.Instance, request.Number, request.Prefixes);
        channel.TrySend(frame.Written);
    }

    /// <summary>Takes a frame that is not the protocol's own.</summary>
    public void Received(TrackingFrames.Kind kind, ReadOnlySpan<byte> bytes)
    {
        if (kind == TrackingFrames.Kind.Notices && copies.Tracker is { } tracker)
            TrackingFrames.Tell(bytes, tracker);
        if (kind != TrackingFrames.Kind.PrefixesKnown || request == null || TrackingFrames.ReadPrefixesKnown(bytes) != request.Number)
            return;

        // What changed between the session's begin and now was not told by prefix.
        if (request.IsRepeated)
            copies.Tracker?.AllInvalidated();
        request.IsRepeated = false;
        request.Known.TrySetResult();
    }

    /// <summary>With a session or a lease goes the certainty that changes are told here.</summary>
    public void Follow(long now)
    {
        bool leaseRuns = holder.LeaseRuns(now);
        bool isLost = holder.Session != sessionSeen || (leaseRan && !leaseRuns);
        (sessionSeen, leaseRan) = (holder.Session, leaseRuns);
        if (isLost)
            copies.Tracker?.AllInvalidated();
    }

    private sealed record Request(uint Number, byte[][] Prefixes, TaskCompletionSource Known)
    {
        public bool IsSent { get; set; }

        /// <summary>There was a time in which changes were not told.</summary>
        public bool IsRepeated { get; set; }
    }
}
