using System.Diagnostics.CodeAnalysis;

namespace Hal.Cache.Contracts.Peers;

/// <summary>Where instances are reached by name; what it answers may change while the instance runs.</summary>
public interface IPeerDirectory
{
    bool TryFind(string name, [NotNullWhen(true)] out PeerAddress? address);
}
