using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>
/// Changes that are not published yet: the replies that wait for them, the writers that become holders with them, and the commit of the log
/// that they stand on. What has no lock of its own is used under that of the authority's host.
/// </summary>
internal sealed class Publications(Lock gate, Authority authority, IBlobStore store, HolderLinks links, TreeStatistics statistics)
{
    private readonly Dictionary<long, TaskCompletionSource> waiting = [];
    private readonly Dictionary<long, (WriteMark Writer, long Version)> writers = [];
    private long committing; // end of the log that a task waits for
    private bool isCommitting;

    /// <summary>Changes, and sets of changes, that somebody waits for and that are not published yet.</summary>
    public int Count => waiting.Count;

    /// <summary>What is appended below it is what a change of now stands on; without acknowledged commits everything counts as durable.</summary>
    public long Position => store.AcknowledgesCommits ? store.AppendedUntil : 0;

    /// <summary>Completes when what the ticket stands for is published; at once where it is already.</summary>
    public Task PublishedAsync(long ticket)
    {
        lock (gate)
            return waiting.TryGetValue(ticket, out TaskCompletionSource? source) ? source.Task : Task.CompletedTask;
    }

    /// <summary>A ticket that the core gives is not published yet, and the lock is held: from here on its publication is not missed.</summary>
    public long Noted(long ticket)
    {
        if (ticket != 0)
            waiting.TryAdd(ticket, new(TaskCreationOptions.RunContinuationsAsynchronously));
        return ticket;
    }

    /// <summary>A change, or a set of them, is to be published; a ticket of 0 says that it is already.</summary>
    public void Opened(long ticket, long position)
    {
        if (ticket == 0)
            return;
        statistics.RoundOpened();
        Noted(ticket);
        WantCommit(position);
    }

    /// <summary>Tells the writer of a change that it is a holder, at publication.</summary>
    public void Follow(in ChangeResult result, WriteMark writer, long version)
    {
        if (result.Ticket != 0)
            writers.Add(result.Ticket, (writer, version));
        else if (result.WriterRegistered)
            Tell(writer, version);
    }

    /// <summary>What waits for the ticket goes on.</summary>
    public void Published(long ticket, bool writerRegistered)
    {
        if (writers.Remove(ticket, out (WriteMark Writer, long Version) own) && writerRegistered)
            Tell(own.Writer, own.Version);
        if (waiting.Remove(ticket, out TaskCompletionSource? source))
            source.TrySetResult();
    }

    /// <summary>Has the authority told when the log is durable up to a position; one task at a time waits for it: the connection whose command it was may be gone.</summary>
    public void WantCommit(long position)
    {
        committing = Math.Max(committing, position);
        if (isCommitting || position == 0)
            return;
        isCommitting = true;
        ThreadPool.UnsafeQueueUserWorkItem(static self => _ = self.CommitAsync(), this, preferLocal: false);
    }

    /// <summary>A commit that failed is tried again.</summary>
    public void Tick()
    {
        if (!isCommitting && waiting.Count > 0)
            WantCommit(committing);
    }

    /// <summary>Nothing is published any more.</summary>
    public void Cancel()
    {
        foreach (TaskCompletionSource source in waiting.Values)
            source.TrySetCanceled(CancellationToken.None);
        waiting.Clear();
    }

    private void Tell(WriteMark writer, long version) =>
        links.Send(new WriteOk(writer.Instance, writer.Session, authority.Epoch, 0, writer.Flight, version, Registered: true));

    private async Task CommitAsync()
    {
        while (true)
        {
            long until;
            lock (gate)
                until = committing;
            CacheError? error = await store.WaitForCommitAsync(until - 1, CancellationToken.None).ConfigureAwait(false);
            lock (gate)
            {
                if (error == null)
                    authority.Durable(Math.Max(until, store.CommittedUntil));
                if (error != null || committing <= until)
                {
                    isCommitting = false;
                    return;
                }
            }
        }
    }
}
