namespace Hal.Cache.Contracts.Peers;

/// <summary>A handshake under way: who the peer says it is, what this end asks of it, and this end's own proof.</summary>
public sealed record PeerChallenge(string Peer, string Host, ReadOnlyMemory<byte> PeerNonce, ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Proof);
