using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// Keeps up the connection to the authority, makes it anew where it is lost, and gives it up where nothing comes. What has no lock of its own
/// is used under that of the copies' host.
/// </summary>
internal sealed class AuthorityConnection(CopyHost host, Lock gate, TreeOptions options, IPeerClient peers, TimeProvider time, TreeStatistics statistics)
{
    private AuthorityLink? link;
    private long cutOffAt = time.GetTimestamp();
    private long heardAt;

    /// <summary>Why there is no connection, where there is none.</summary>
    public string WhyCutOff { get; private set; } = "no connection yet";

    /// <summary>What is sent on now; null while there is no connection.</summary>
    public IFrameChannel? Channel => link?.Channel;

    /// <summary>There has been none for a while: one that has just broken may be back at once.</summary>
    public bool IsLost(long now) => link == null && time.GetElapsedTime(cutOffAt, now) > options.CutOffAfter;

    /// <summary>Something came; false where that was on an earlier connection, whose reader still runs.</summary>
    public bool TryHear(AuthorityLink from, long now)
    {
        if (from != link)
            return false;
        heardAt = now;
        return true;
    }

    public void Close() => Channel?.Close();

    /// <summary>Connects until it is cancelled; without the lock.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var made = new AuthorityLink(host);
            Result<IFrameChannel> channel = await peers.ConnectAsync(options.Root, PeerChannelKind.Coherence, made, stopping).ConfigureAwait(false);
            if (!channel.IsOk)
            {
                lock (gate)
                    WhyCutOff = channel.Error.Message;
            }
            else if (TryBegin(made, channel.Value))
            {
                await made.Ended.WaitAsync(stopping).ConfigureAwait(false);

                // The lease is good to its end, connected or not: the authority waits for it. The next connection begins a session.
                lock (gate)
                    (link, cutOffAt, WhyCutOff) = (null, time.GetTimestamp(), "the connection is lost");
            }

            await Task.Delay(options.ReconnectInterval, time, stopping).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Gives up a connection that is silent: a peer that stands still, or whose packets go nowhere, closes nothing, and commands on their way
    /// there would wait for as long as it takes.
    /// </summary>
    public void Tick(long now)
    {
        if (Channel is not { } channel || time.GetElapsedTime(heardAt, now) <= options.SilenceMax)
            return;
        heardAt = now;
        statistics.Silenced();
        channel.Close();
        ThreadPool.UnsafeQueueUserWorkItem(static cut => cut.Peers.Cut(cut.Root), (Peers: peers, options.Root), preferLocal: false);
    }

    // Each session has a number from the disk, which may be full: without one the connection is of no use, and the next one tries again.
    private bool TryBegin(AuthorityLink made, IFrameChannel channel)
    {
        lock (gate)
        {
            (made.Channel, link, heardAt) = (channel, made, time.GetTimestamp());
            try
            {
                host.Connected(heardAt);
                return true;
            }
            catch (Exception e) when (CopyHost.IsOfDisk(e))
            {
                (link, WhyCutOff) = (null, $"no session can be begun: {e.Message}");
            }
        }

        channel.Close();
        return false;
    }
}
