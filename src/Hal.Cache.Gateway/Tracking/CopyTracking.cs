using Hal.Cache.Gateway.Peers;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Gateway.Tracking;

/// <summary>
/// CLIENT TRACKING in an instance that holds copies: changes are heard of from the authority. What is told here is in its receivers' outboxes
/// before the authority is answered, and so before the writer has its reply.
/// </summary>
internal sealed class CopyTracking(TrackingTable table, CommandForwarder forwarder) : IKeyTracker
{
    public void Invalidated(ReadOnlySpan<byte> key)
    {
        if (table.IsNeeded) table.InvalidateRemembered(key);
    }

    public void Noticed(ReadOnlySpan<byte> key, long request) => table.InvalidateElsewhere(key, request == 0 ? 0 : forwarder.WriterOf(request));

    public void NoticesEnded() => table.Flush(0);

    public void AllInvalidated()
    {
        if (table.IsNeeded) table.InvalidateAll(0);
    }
}
