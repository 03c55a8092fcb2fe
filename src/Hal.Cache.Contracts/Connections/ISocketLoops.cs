using System.Net.Sockets;

namespace Hal.Cache.Contracts.Connections;

/// <summary>The event loops of this process, for connections that it makes itself: what comes on them then needs no other thread to be woken.</summary>
public interface ISocketLoops
{
    /// <summary>Takes a socket that does not block, connected or about to be: what is written leaves when it is. It is the connection's from then on.</summary>
    ILoopConnection Take(Socket socket);
}
