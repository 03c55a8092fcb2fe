using System.Diagnostics;
using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Tree.Collections;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// Asks the authority which versions of keys to read: one key, several in one message, keys that will be wanted soon, and what the clients of
/// an event loop want in the same turn. What has no lock of its own is used under that of the copies' host.
/// </summary>
internal sealed class CopyQuestions(
    Lock gate, TreeOptions options, CopyHolder holder, CopyStore copies, AuthorityConnection connection, WaitingReads reads, ReadPlaces places,
    FlightTimes times, TimeProvider time, TreeStatistics statistics, CancellationToken stopping)
{
    private readonly Dictionary<KeyId, ActivityContext> traces = [];
    private readonly List<TurnQuestions> turns = [];

    /// <summary>The spans that wait for keys.</summary>
    public IReadOnlyDictionary<KeyId, ActivityContext> Traces => traces;

    /// <summary>Whoever holds the lock flushes the channel as soon as it has left it.</summary>
    public bool Flushes { get; private set; }

    /// <summary>Asks the authority which version to read, and brings it; joins whoever does that already.</summary>
    /// <param name="goesOnAtOnce">Whether the caller may go on on the thread that reads what the authority sends: for little, and without blocking.</param>
    /// <param name="turn">The event loop with whose turn the question may go out, with those of its other clients; null for at once.</param>
    public async ValueTask<FetchOutcome> FetchAsync(FetchRequest request, bool goesOnAtOnce, IConnectionLoop? turn, CancellationToken cancellation)
    {
        WaitingRead waiting;
        IFrameChannel? channel;
        using Activity? span = NodeSpans.Acquire(options.Name, options.Root, request);
        lock (gate)
        {
            waiting = reads.Begin(1, goesOnAtOnce);
            if (Begin(request, waiting.First, waiting, span) is { } known)
                return known;
            channel = AskIn(turn);
        }

        channel?.Flush();
        try
        {
            await waiting.Task.WaitAsync(cancellation).ConfigureAwait(false);
            span.Ended(waiting[0].Error);
            return waiting[0];
        }
        catch (OperationCanceledException)
        {
            lock (gate)
                reads.Remove(waiting);
            throw;
        }
        finally
        {
            if (span != null)
            {
                lock (gate)
                    traces.Remove(IdOf(request));
            }
        }
    }

    /// <summary>The same for several keys, in one question. The outcomes are in the order of the requests; no spans are made.</summary>
    public async ValueTask<FetchOutcome[]> FetchAsync(IReadOnlyList<FetchRequest> requests, bool goesOnAtOnce, IConnectionLoop? turn, CancellationToken cancellation)
    {
        WaitingRead waiting;
        IFrameChannel? channel;
        bool isEnded = false;
        lock (gate)
        {
            waiting = reads.Begin(requests.Count, goesOnAtOnce);
            for (int i = 0; i < requests.Count; i++)
            {
                if (Begin(requests[i], waiting.First + i, waiting, null) is { } known)
                    isEnded = waiting.TryEnd(waiting.First + i, known);
            }

            channel = AskIn(turn);
        }

        channel?.Flush();
        try
        {
            if (!isEnded)
                await waiting.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (gate)
                reads.Remove(waiting);
            throw;
        }

        var outcomes = new FetchOutcome[requests.Count];
        for (int i = 0; i < outcomes.Length; i++)
            outcomes[i] = waiting[i];
        return outcomes;
    }

    /// <summary>
    /// Asks about keys that somebody is about to ask for, who joins then or finds the copies; nobody waits here. They go with the next question
    /// where the caller is about to put one, else at once.
    /// </summary>
    public void FetchAhead(IReadOnlyList<FetchRequest> requests, bool asksNext)
    {
        IFrameChannel? channel = null;
        lock (gate)
        {
            if (holder.Flights + requests.Count > options.Coherence.FlightsMax / 2)
                return; // the rest is for those who wait
            foreach (FetchRequest request in requests)
                Begin(request, WaitingReads.Nobody, null, null);
            if (!asksNext)
                channel = Ask();
        }

        channel?.Flush();
    }

    /// <summary>A question is about to go out: counts it, and names the spans that wait for its keys.</summary>
    public Acquire Sending(Acquire acquire)
    {
        statistics.Asked();
        return traces.Count == 0 ? acquire : acquire with { Traces = [.. acquire.Items.Select(item => traces.GetValueOrDefault(item.Key.Id))] };
    }

    /// <summary>The authority can't be asked, and what it said before is good no more.</summary>
    public bool IsCutOff(long now) => connection.IsLost(now) && !holder.LeaseRuns(now);

    /// <summary>How reads end then.</summary>
    public FetchOutcome CutOff() =>
        new(new CacheError(CacheErrorCode.Busy, $"the copy here may be old, and the authority '{options.Root}' can't be asked: {connection.WhyCutOff}"));

    // Under the lock: the outcome where it is known already, else null, and the read waits.
    private FetchOutcome? Begin(in FetchRequest request, long read, WaitingRead? waiting, Activity? span)
    {
        if (stopping.IsCancellationRequested)
            return WaitingReads.ShuttingDown;
        long now = time.GetTimestamp();
        if (IsCutOff(now))
            return CutOff();
        var key = new ObjectKey(IdOf(request), request.Key);
        bool isMeta = request.Need == Need.Meta;
        CopyState? had = copies.TryGet(key);
        if (had == null && places.RunsElsewhere(key.Id, isMeta, now))
            return WaitingReads.Elsewhere;
        ReadStart start = holder.Read(key, had?.Version ?? 0, read, now);
        if (start == ReadStart.Busy)
            return WaitingReads.AtLimit;
        if (start == ReadStart.Opened)
        {
            statistics.Acquired();
            times.Opened(key.Id, now);
            if (span != null)
                traces[key.Id] = span.Context;
        }

        if (!isMeta)
            places.WantValue(key.Id);
        if (waiting != null)
            reads.Add(read, waiting);
        return null;
    }

    // Under the lock: the same at the end of the loop's turn, where this is its thread.
    private IFrameChannel? AskIn(IConnectionLoop? turn)
    {
        if (turn is not { IsCurrentThread: true })
            return Ask();
        TurnQuestions? questions = turns.Find(one => one.Loop == turn);
        if (questions is null)
            turns.Add(questions = new(turn, AskNow));
        questions.Expect();
        return null;
    }

    private void AskNow()
    {
        IFrameChannel? channel;
        lock (gate)
            channel = Ask();
        channel?.Flush();
    }

    // Under the lock: what was begun is asked for on the channel, which is to be flushed without it.
    private IFrameChannel? Ask()
    {
        (IFrameChannel? channel, Flushes) = (connection.Channel, true);
        holder.Flush(time.GetTimestamp());
        Flushes = false;
        return channel;
    }

    private static KeyId IdOf(in FetchRequest request) => new(request.Hash, (ushort)request.Database);
}
