using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Peers;

/// <summary>The serving end of the peer protocol of one instance.</summary>
public sealed class PeerAcceptor(IPeerHost host, PeerOptions options, TimeProvider time) : IPeerAcceptor
{
    private const string Always = $"{PeerHandshake.TraceFeature} {PeerHandshake.HeldFeature}";

    public int ProtocolVersion => PeerHandshake.ProtocolVersion;

    public string Features(PeerChallenge challenge, PeerChannelKind kind, string remote, string local)
    {
        if (kind != PeerChannelKind.Bytes || !options.SharesMemory || host.Shared is not { } memory || !IPEndPoint.TryParse(remote, out IPEndPoint? from)
            || !IPEndPoint.TryParse(local, out IPEndPoint? to) || !MemoryOffer.IsPossible(from, to))
        {
            return Always;
        }

        byte[] token = PeerHandshake.MemoryToken(options.Secret.Span, challenge.Peer, host.Name, challenge.PeerNonce.Span, challenge.Nonce.Span);
        return $"{Always} {MemoryOffer.Word(memory, token, from.Port)}";
    }

    public Result<PeerChallenge> Challenge(int protocolVersion, string peer, string target, ReadOnlySpan<byte> nonce)
    {
        if (protocolVersion != ProtocolVersion)
            return new CacheError(CacheErrorCode.Invalid, $"peer protocol {protocolVersion} is not spoken here; this instance speaks {ProtocolVersion}");
        if (target != host.Name)
            return new CacheError(CacheErrorCode.Refused, $"this instance is '{host.Name}', not '{target}'");
        if (peer.Length is 0 or > PeerHandshake.NameLengthMax || nonce.Length != PeerHandshake.NonceBytes)
            return new CacheError(CacheErrorCode.Invalid, "the name or the nonce of the peer is malformed");
        if (peer == host.Name)
            return new CacheError(CacheErrorCode.Refused, $"two instances are called '{peer}'");
        byte[] own = PeerHandshake.Nonce();
        byte[] proof = PeerHandshake.ServerProof(options.Secret.Span, peer, host.Name, nonce, own);
        return new PeerChallenge(peer, host.Name, nonce.ToArray(), own, proof);
    }

    public bool Proves(PeerChallenge challenge, ReadOnlySpan<byte> proof)
    {
        byte[] expected = PeerHandshake.ClientProof(
            options.Secret.Span, challenge.Peer, host.Name, challenge.PeerNonce.Span, challenge.Nonce.Span);
        return CryptographicOperations.FixedTimeEquals(expected, proof);
    }

    public async Task RunAsync(string peer, PeerChannelKind kind, IDuplexPipe pipe, CancellationToken cancellation)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (kind == PeerChannelKind.Bytes)
        {
            await new RangeServer(peer, host, options, time, pipe).RunAsync(cut.Token).ConfigureAwait(false);
            return;
        }

        var channel = new FrameChannel(peer, pipe, options.QueueBytesMax, () => Cancel(cut));
        Result<IFrameSink> sink = host.Accept(kind, channel);
        if (sink.IsOk)
            await channel.RunAsync(sink.Value, cut.Token).ConfigureAwait(false);
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended on its own meanwhile.
        }
    }
}
