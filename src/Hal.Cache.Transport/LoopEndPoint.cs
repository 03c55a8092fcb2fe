using System.Net;

namespace Hal.Cache.Transport;

/// <summary>An address whose connections run on the event loops of <see cref="EpollTransport"/>.</summary>
public sealed class LoopEndPoint(IPEndPoint address) : IPEndPoint(address.Address, address.Port);
