namespace Hal.Cache.Contracts.Connections;

/// <summary>A connection's feature that tells when the peer will send no more, also while nobody reads; it may still take replies.</summary>
public interface IPeerLifetime
{
    CancellationToken PeerClosed { get; }
}
