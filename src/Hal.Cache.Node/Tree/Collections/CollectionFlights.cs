using System.Diagnostics;
using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Tree.Collections;

/// <summary>
/// Ends flights whose answer is a collection: with the copy that is here, with a small one that came in the answer, with a large one that is
/// brought first, or at the authority.
/// </summary>
internal sealed class CollectionFlights(
    IFlightEnds ends, IBlobStore store, CopyStore copies, ReadPlaces places, CollectionPulls pulls, TreeOptions options, TimeProvider time, TreeStatistics statistics) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];

    /// <summary>Takes an answer; needs the lock. Whether anybody waits for the value: who only asks about the key does not have it brought.</summary>
    public void Take(long flight, AcquireAnswer answer, CopyPayload payload, bool isWanted, in ActivityContext asked)
    {
        KeyId id = answer.Key.Id;
        if (copies.HasObject(answer.Key, answer.Version))
        {
            statistics.FoundCurrent();
            ends.Complete(flight, id, new(payload, answer.Size, null));
            return;
        }

        bool isTooLarge = answer.Size > pulls.BytesMax;
        if (isTooLarge || (!payload.HasBytes && !isWanted))
        {
            places.Note(id, isMeta: !isTooLarge);
            ends.GiveBack(flight, id);
            return;
        }

        if (payload.HasBytes && store.HasRoom(answer.Size) && pulls.Read(payload.Type, payload.Bytes) is { IsOk: true } read)
        {
            statistics.BroughtCollection();
            ends.Complete(flight, id, new(payload, answer.Size, null, read.Value));
            return;
        }

        running.RemoveAll(static pull => pull.IsCompleted);
        ActivityContext trace = asked;
        running.Add(Task.Run(() => PullAsync(flight, answer, payload, trace)));
    }

    /// <summary>Cancels what is being brought, and waits for its end: it uses the store. Without the lock.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] last;
        lock (ends.Gate)
        {
            stopping.Cancel();
            last = [.. running];
        }

        await Task.WhenAll(last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    // Whatever goes wrong, the readers get their answer from the authority.
    private async Task PullAsync(long flight, AcquireAnswer answer, CopyPayload payload, ActivityContext asked)
    {
        using Activity? span = NodeSpans.Pull(asked, options.Name, answer.Key.Id.Hash, answer.Size);
        KeyId id = answer.Key.Id;
        bool isBrought = false;
        try
        {
            using var limit = new CancellationTokenSource(options.CollectionPullTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping.Token);
            CacheError? error = store.HasRoom(answer.Size) ? null : await store.MakeRoomAsync(answer.Size, either.Token).ConfigureAwait(false);
            if (error == null)
            {
                Result<IObjectValue> brought = payload.HasBytes
                    ? pulls.Read(payload.Type, payload.Bytes)
                    : await pulls.BringAsync(answer.Key, answer.Version, answer.Size, payload.Type, either.Token).ConfigureAwait(false);
                span.Ended(brought.Error);
                if (brought.IsOk)
                {
                    statistics.BroughtCollection();
                    lock (ends.Gate)
                        ends.Complete(flight, id, new(payload, answer.Size, null, brought.Value));
                    isBrought = true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It took too long, or the instance is shutting down.
        }
        finally
        {
            if (!isBrought)
            {
                pulls.Ledger.Ended(id, answer.Size, reads: 0);
                lock (ends.Gate)
                    ends.GiveBack(flight, id);
            }
        }
    }
}
