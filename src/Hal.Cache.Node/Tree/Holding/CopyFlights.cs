using System.Diagnostics;
using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;
using Hal.Cache.Node.Tree.Collections;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// Brings what the authority has answered into the store: small values at once, what must wait for room outside of the lock, collections in a
/// part of its own. What has no lock of its own is used under that of the copies' host.
/// </summary>
internal sealed class CopyFlights : IFlightEnds, IAsyncDisposable
{
    private readonly Lock gate;
    private readonly CopyHolder holder;
    private readonly IBlobStore store;
    private readonly CopyStore copies;
    private readonly ReadPlaces places;
    private readonly WaitingReads reads;
    private readonly FlightTimes times;
    private readonly IReadOnlyDictionary<KeyId, ActivityContext> traces;
    private readonly TreeOptions options;
    private readonly TimeProvider time;
    private readonly TreeStatistics statistics;
    private readonly CollectionFlights collections;
    private readonly CancellationToken stopping;
    private readonly List<(long Flight, AcquireAnswer Answer)> answers = [];

    public CopyFlights(
        Lock gate, CopyHolder holder, IBlobStore store, CopyStore copies, ReadPlaces places, WaitingReads reads, FlightTimes times,
        IReadOnlyDictionary<KeyId, ActivityContext> traces, CollectionPulls pulls, TreeOptions options, TimeProvider time, TreeStatistics statistics, CancellationToken stopping)
    {
        (this.gate, this.holder, this.store, this.copies, this.places, this.reads, this.times) = (gate, holder, store, copies, places, reads, times);
        (this.traces, this.options, this.time, this.statistics, this.stopping) = (traces, options, time, statistics, stopping);
        collections = new(this, store, copies, places, pulls, options, time, statistics);
    }

    Lock IFlightEnds.Gate => gate;

    /// <summary>Notes an answer, inside the call that takes it.</summary>
    public void Add(long flight, AcquireAnswer answer) => answers.Add((flight, answer));

    /// <summary>Goes on with the answers that were noted.</summary>
    public void Bring()
    {
        foreach ((long flight, AcquireAnswer answer) in answers)
            Bring(flight, answer);
        answers.Clear();
    }

    public void Complete(long flight, KeyId key, PendingCopy copy)
    {
        using Retrievals.Scope _ = times.Putting(key);
        copies.Bring(flight, copy);
        holder.Complete(flight);
        copies.Forget(flight);
    }

    public void GiveBack(long flight, KeyId key)
    {
        RunElsewhere(flight);
        holder.Evicted(key, flight, time.GetTimestamp());
    }

    public ValueTask DisposeAsync() => collections.DisposeAsync();

    private void Bring(long flight, AcquireAnswer answer)
    {
        if (answer.Status == AcquireStatus.Absent)
        {
            holder.Complete(flight);
            return;
        }

        CopyPayload payload = CopyPayload.Read(answer.Payload);
        bool isWanted = places.TakeWanted(answer.Key.Id);
        if (IsOutOfStep(payload, answer))
        {
            places.Note(answer.Key.Id, isMeta: false);
            GiveBack(flight, answer.Key.Id);
            return;
        }

        if (payload.IsElsewhere)
        {
            places.Note(answer.Key.Id, isMeta: false);
            RunElsewhere(flight);
            return;
        }

        if (payload.Type != BlobType.String)
        {
            collections.Take(flight, answer, payload, isWanted, traces.GetValueOrDefault(answer.Key.Id));
            return;
        }

        // What is left of its life and when it ends, both by the authority's clock, say what time it is there.
        if (options.IsOfDefaultRoot && payload.ExpiresAt > 0 && answer.TimeToLive is { } left && left > TimeSpan.Zero && left < Keyspace.FreshMax)
            options.Clock?.Follow(DateTimeOffset.FromUnixTimeMilliseconds(payload.ExpiresAt) - left);
        if (!payload.HasBytes && copies.TryGet(answer.Key)?.Version == answer.Version)
            statistics.FoundCurrent();
        long room = EntryHeader.Bytes + answer.Key.Bytes.Length + payload.Bytes.Length + OriginStamp.Bytes;
        if (payload.Bytes.Length <= CopyStore.SmallBytesMax && store.HasRoom(room))
            Complete(flight, answer.Key.Id, new(payload, answer.Size, payload.HasBytes ? null : Frame(answer)));
        else
            ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Flights.BringAsync(work.Flight, work.Answer, work.Payload, work.Room), (Flights: this, Flight: flight, Answer: answer, Payload: payload, Room: room), preferLocal: false);
    }

    // The time of day here is the default root's. By a clock that is far from it, a copy would end sooner or later than the key.
    private bool IsOutOfStep(in CopyPayload payload, AcquireAnswer answer)
    {
        if (options.IsOfDefaultRoot || payload.ExpiresAt == 0 || answer.TimeToLive is not { } left || left <= TimeSpan.Zero || left >= Keyspace.FreshMax)
            return false;
        DateTimeOffset ends = DateTimeOffset.FromUnixTimeMilliseconds(payload.ExpiresAt);
        if (options.Clock?.TryMeet(ends - left) == false)
            return true;
        DateTimeOffset now = time.GetUtcNow();
        return now - (ends - left) > options.RootClockErrorMax || ends <= now;
    }

    // However it ends, the flight ends: others may have joined it. A value for which there is no room, as on a full disk, is read at the
    // authority.
    private async Task BringAsync(long flight, AcquireAnswer answer, CopyPayload payload, long room)
    {
        ILargeValue? large = null;
        bool isBrought = false;
        try
        {
            using var limit = new CancellationTokenSource(options.RoomTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
            CacheError? error = store.HasRoom(room) ? null : await store.MakeRoomAsync(room, either.Token).ConfigureAwait(false);
            if (error == null && payload.HasBytes && payload.Bytes.Length > CopyStore.SmallBytesMax)
            {
                large = store.Stage(payload.Bytes.Length); // inline at the authority; here its stamp would make it too long
                error = await large.WriteChunkAsync(0, payload.Bytes, either.Token).ConfigureAwait(false);
            }

            if (error == null)
            {
                lock (gate)
                    Complete(flight, answer.Key.Id, new(payload, answer.Size, large ?? (payload.HasBytes ? null : Frame(answer))));
                large = null; // let go of with what the flight brought
                isBrought = true;
            }
        }
        catch (OperationCanceledException)
        {
            // No room in time, or the instance stops.
        }
        finally
        {
            large?.Release();
            lock (gate)
            {
                if (isBrought)
                {
                    holder.Abandon(flight, ReadFailure.GivenUp);
                }
                else
                {
                    places.Note(answer.Key.Id, isMeta: false);
                    RunElsewhere(flight);
                }
            }
        }
    }

    private void RunElsewhere(long flight)
    {
        reads.AreElsewhere = true;
        holder.Abandon(flight, ReadFailure.GivenUp);
        reads.AreElsewhere = false;
    }

    private ILargeValue Frame(AcquireAnswer answer) => store.Stage(answer.Size);
}
