using System.Diagnostics;
using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>
/// Answers holders that ask for keys: each is registered before its answer goes out, which waits where the value has to be fetched, or its
/// version to be published.
/// </summary>
internal sealed class AcquireHandler(
    TreeOptions options, Lock gate, Authority authority, Keyspace keyspace, HolderLinks links, Publications publications, CancellationToken stopping)
{
    private readonly IBlobStore store = keyspace.Store;
    private readonly AcquireAnswers answers = new(keyspace);
    private readonly Dictionary<long, HeldAcquire> held = [];
    private long tokens;

    /// <summary>Takes a holder's question; without the host's lock.</summary>
    public void Take(Acquire acquire)
    {
        List<AcquireAnswer>? known = null;
        for (int i = 0; i < acquire.Items.Count; i++)
        {
            AcquireItem item = acquire.Items[i];
            Activity? span = acquire.Traces.Count == 0 ? null : Begin(acquire.Traces[i], item);
            var asked = new HeldAcquire(this, acquire.Instance, acquire.Session, acquire.Epoch, item, span);
            if (TryAnswer(asked, out AcquireAnswer? answer, out _))
            {
                if (answer == null)
                    continue;
                span?.Stop();
                (known ??= []).Add(answer);
            }
            else
            {
                Queue(asked);
            }
        }

        if (known != null)
            Send(acquire.Instance, acquire.Session, acquire.Epoch, known);
    }

    /// <summary>A question that was held is asked again; under the host's lock.</summary>
    public void Released(long token)
    {
        if (held.Remove(token, out HeldAcquire? asked))
            Queue(asked);
    }

    private static void Queue(HeldAcquire asked) =>
        ThreadPool.UnsafeQueueUserWorkItem(static again => _ = again.Handler.AnswerAsync(again), asked, preferLocal: false);

    // The thread is that of the holder's connection: what it reads next is no part of the span.
    private Activity? Begin(in ActivityContext asked, in AcquireItem item)
    {
        Activity? before = Activity.Current;
        Activity? span = NodeSpans.Answer(keyspace.Name, asked, item.Key.Id.Hash);
        Activity.Current = before;
        return span;
    }

    private async Task AnswerAsync(HeldAcquire asked)
    {
        Activity.Current = asked.Span; // for what is called from here
        AcquireAnswer? answer;
        while (!TryAnswer(asked, out answer, out AcquireWait wait))
        {
            if (wait.Ticket != 0)
            {
                await publications.PublishedAsync(wait.Ticket).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            else if (wait.Commit != 0)
            {
                if (await store.WaitForCommitAsync(wait.Commit, stopping).ConfigureAwait(false) != null)
                    return; // the holder asks again
            }
            else if (await keyspace.ResolveAsync(wait.Fault, asked.Memory, stopping).ConfigureAwait(false) is { } error && error.Code != CacheErrorCode.NotFound)
            {
                asked.Span.Ended(error);
                Send(asked, asked.Failed(error));
                return;
            }

            if (wait.Answer != null)
            {
                Send(asked, wait.Answer);
                return;
            }
        }

        if (answer != null)
            Send(asked, answer);
    }

    /// <summary>
    /// True when the item is done with: answered, or held, or nobody is to be answered. False with what to wait for, and the answer that
    /// may go out after that where it is known already.
    /// </summary>
    private bool TryAnswer(HeldAcquire asked, out AcquireAnswer? answer, out AcquireWait wait)
    {
        (answer, wait) = (null, default);
        KeyId id = asked.Item.Key.Id;
        ReadOnlySpan<byte> bytes = asked.Item.Key.Bytes.Span;
        ulong hash = store.Hash(bytes);
        if (hash != id.Hash || id.Database >= IBlobStore.Databases)
            return true; // not of this tree: its seed is another one
        if (!options.Roots.Owns(options.Name, bytes))
        {
            string whose = $"slot {HashSlots.Of(bytes)} is the business of root '{options.Roots.Of(bytes)}'";
            answer = asked.Refused(new(CacheErrorCode.Refused, $"{whose}; the roots are set otherwise here"));
            return true;
        }

        var key = new BlobKey(id.Database, bytes, hash);
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(hash);
        store.Lock(shard);
        try
        {
            if (!keyspace.TryFind(key, Need.Value, ref scope, asked.MemoryKept, out EntryRef entry, out Fault fault))
            {
                wait = new(fault, 0, 0, null);
                return false;
            }

            if (answers.IsTooLarge(entry))
            {
                answer = new(asked.Item.Key, asked.Item.Flight, entry.Version, AcquireStatus.Found) { Payload = CopyPayload.Elsewhere };
                return true;
            }

            AcquireResult result = keyspace.IsImmutable(key) && !entry.IsNone ? new(AcquireOutcome.Registered, 0) : Register(asked);
            switch (result.Outcome)
            {
                case AcquireOutcome.Registered:
                    break;
                case AcquireOutcome.Busy:
                    answer = asked.Busy();
                    return true;
                default:
                    return true;
            }

            answer = answers.Of(asked.Item, key, entry);
            bool isDurable = !store.AcknowledgesCommits || scope.Address < store.CommittedUntil;
            if (result.Ticket == 0 && isDurable)
                return true;
            wait = new(default, result.Ticket, isDurable ? 0 : scope.Address, answer);
            return false;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private AcquireResult Register(HeldAcquire asked)
    {
        lock (gate)
        {
            long token = ++tokens;
            AcquireResult result = authority.Register(asked.Instance, asked.Session, asked.Epoch, asked.Item.Key.Id, asked.Item.Flight, token);
            if (result.Outcome == AcquireOutcome.Held)
                held.Add(token, asked);
            publications.Noted(result.Ticket);
            return result;
        }
    }

    private void Send(HeldAcquire asked, AcquireAnswer answer)
    {
        asked.Span?.Stop();
        Send(asked.Instance, asked.Session, asked.Epoch, [answer]);
    }

    private void Send(ulong instance, uint session, uint epoch, List<AcquireAnswer> known)
    {
        IFrameChannel? channel;
        lock (gate)
            channel = links.Queue(instance, session, epoch, known);
        channel?.Flush();
    }
}
