using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>The connections of the holders, and what goes out on them. Used under the lock of the authority's host.</summary>
internal sealed class HolderLinks
{
    /// <summary>Bytes after which a frame ends, far below its limit: what is small in itself may be much together.</summary>
    private const int FrameBytes = 256 << 10;

    private readonly FrameWriter frame = new();
    private readonly Dictionary<ulong, HolderLink> links = [];

    /// <summary>
    /// A holder has one connection, that of its latest session: it has given a former one up, which this end may not learn by itself, and a
    /// greeting that was held up on that one changes nothing.
    /// </summary>
    public void Greeted(HolderLink from, Hello hello)
    {
        if (links.TryGetValue(hello.Instance, out HolderLink? former) && former != from)
        {
            if (former.Session >= hello.Session)
                return;
            former.Channel.Close();
        }

        (from.Instance, from.Session) = (hello.Instance, hello.Session);
        links[hello.Instance] = from;
    }

    /// <summary>A connection has ended.</summary>
    public void Remove(HolderLink link)
    {
        if (links.TryGetValue(link.Instance, out HolderLink? known) && known == link)
            links.Remove(link.Instance);
    }

    /// <summary>Closes all.</summary>
    public void Close()
    {
        foreach (HolderLink link in links.Values)
            link.Channel.Close();
    }

    /// <summary>Sends to the instance that the message names; nothing where it is not connected.</summary>
    public void Send(CoherenceMessage message)
    {
        if (!links.TryGetValue(message.Instance, out HolderLink? link))
            return;
        MessageCodec.Write(message, frame);
        link.Channel.TrySend(frame.Written);
    }

    /// <summary>Answers a holder's questions: on the channel, which is to be flushed without the lock; null where it is not connected.</summary>
    public IFrameChannel? Queue(ulong instance, uint session, uint epoch, List<AcquireAnswer> answers)
    {
        if (!links.TryGetValue(instance, out HolderLink? link))
            return null;
        int from = 0, bytes = 0;
        for (int at = 0; at < answers.Count; at++)
        {
            bytes += answers[at].Payload.Length + answers[at].Key.Bytes.Length;
            if (bytes < FrameBytes && at + 1 < answers.Count)
                continue;
            MessageCodec.Write(new AcquireOk(instance, session, epoch, answers.GetRange(from, at + 1 - from)), frame);
            link.Channel.TryQueue(frame.Written);
            (from, bytes) = (at + 1, 0);
        }

        return link.Channel;
    }

    /// <summary>Tells an instance which keys its clients track have changed.</summary>
    public void Send(ulong instance, ReadOnlySpan<KeyNotice> notices)
    {
        if (!links.TryGetValue(instance, out HolderLink? link))
            return;
        for (int from = 0; from < notices.Length;)
        {
            int to = from, bytes = 0;
            while (to < notices.Length && bytes < FrameBytes)
                bytes += notices[to++].Key.Length;
            TrackingFrames.BeginNotices(frame, to - from);
            for (; from < to; from++)
                TrackingFrames.Add(frame, notices[from]);
            link.Channel.TrySend(frame.Written);
        }
    }

    /// <summary>Tells that an instance's request for prefixes is known.</summary>
    public void SendPrefixesKnown(HolderLink to, uint number)
    {
        TrackingFrames.WritePrefixesKnown(frame, number);
        to.Channel.TrySend(frame.Written);
    }
}
