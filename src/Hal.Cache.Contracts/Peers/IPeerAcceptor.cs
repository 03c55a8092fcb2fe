using System.IO.Pipelines;

namespace Hal.Cache.Contracts.Peers;

/// <summary>The serving end of the peer protocol, which a gateway hands connections to.</summary>
public interface IPeerAcceptor
{
    /// <summary>Version of the peer protocol that is spoken here; the only one.</summary>
    int ProtocolVersion { get; }

    /// <summary>
    /// What came to the protocol after its first version and is understood here, as words; a peer is told when it has proved itself, and uses what it knows.
    /// </summary>
    /// <param name="remote">Where its connection comes from, as address and port; anything else where that is not known.</param>
    /// <param name="local">Where it comes to, likewise.</param>
    string Features(PeerChallenge challenge, PeerChannelKind kind, string remote, string local);

    /// <summary>Begins a handshake: what the peer said goes in, what it is answered comes out. Refused and Invalid say why not.</summary>
    Result<PeerChallenge> Challenge(int protocolVersion, string peer, string target, ReadOnlySpan<byte> nonce);

    /// <summary>Whether the peer's answer proves that it knows the cluster's secret.</summary>
    bool Proves(PeerChallenge challenge, ReadOnlySpan<byte> proof);

    /// <summary>Serves a connection whose handshake is over, until it ends; for every kind but <see cref="PeerChannelKind.Commands"/>.</summary>
    Task RunAsync(string peer, PeerChannelKind kind, IDuplexPipe pipe, CancellationToken cancellation);
}
