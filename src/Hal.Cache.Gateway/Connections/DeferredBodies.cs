using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Connections;

/// <summary>The readers that a reply holds for bodies which are yet to be sent.</summary>
internal static class DeferredBodies
{
    /// <summary>Drops what was written since a position, and the readers that belong to it.</summary>
    public static void Truncate(RespWriter reply, int position)
    {
        foreach (DeferredBody body in reply.Deferred)
        {
            if (body.Position >= position)
                ((ValueReader)body.Source).Dispose();
        }

        reply.Truncate(position);
    }
}
