using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Silo;

/// <summary>Where instances are: those that the settings name, and those of this process once their ports are known.</summary>
internal sealed class PeerDirectory : IPeerDirectory
{
    private readonly ConcurrentDictionary<string, PeerAddress> known = new(StringComparer.Ordinal);

    public void Add(PeerAddress address) => known[address.Name] = address;

    /// <summary>An instance of this process, which listens there.</summary>
    public void Add(string name, IPEndPoint listens)
    {
        IPAddress reached = listens.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listens.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : listens.Address;
        Add(new PeerAddress(name, reached.ToString(), listens.Port));
    }

    public bool TryFind(string name, [NotNullWhen(true)] out PeerAddress? address) => known.TryGetValue(name, out address);
}
