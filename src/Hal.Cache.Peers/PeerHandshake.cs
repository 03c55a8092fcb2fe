using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hal.Cache.Peers;

/// <summary>
/// Proof that both ends know the cluster's secret, without sending it: an HMAC-SHA-256 over both names and both nonces, different for
/// the two ends, so that none can be answered with its own words.
/// </summary>
internal static class PeerHandshake
{
    public const int ProtocolVersion = 1;
    public const int NonceBytes = 16;
    public const int ProofBytes = 32;
    public const int NameLengthMax = 64;

    /// <summary>Feature of an end that takes the contexts of spans: behind a range's key, and by HAL.PEER TRACE.</summary>
    public const string TraceFeature = "trace";

    /// <summary>Feature of an end that may be asked for a range of which it has the bytes, and else for nothing.</summary>
    public const string HeldFeature = "held";

    public static byte[] Nonce() => RandomNumberGenerator.GetBytes(NonceBytes);

    public static byte[] ServerProof(ReadOnlySpan<byte> secret, string client, string server, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce) =>
        Proof(secret, "hal-peer-server"u8, client, server, clientNonce, serverNonce);

    public static byte[] ClientProof(ReadOnlySpan<byte> secret, string client, string server, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce) =>
        Proof(secret, "hal-peer-client"u8, client, server, clientNonce, serverNonce);

    /// <summary>With what the server that offers its memory proves that it is its own.</summary>
    public static byte[] MemoryToken(ReadOnlySpan<byte> secret, string client, string server, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce) =>
        Proof(secret, "hal-peer-memory"u8, client, server, clientNonce, serverNonce);

    private static byte[] Proof(
        ReadOnlySpan<byte> secret, ReadOnlySpan<byte> end, string client, string server, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        Append(hmac, end);
        Append(hmac, Encoding.UTF8.GetBytes(client));
        Append(hmac, Encoding.UTF8.GetBytes(server));
        Append(hmac, clientNonce);
        Append(hmac, serverNonce);
        return hmac.GetHashAndReset();
    }

    // With its length, so that no two lists of fields have the same bytes.
    private static void Append(IncrementalHash hmac, ReadOnlySpan<byte> field)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, field.Length);
        hmac.AppendData(length);
        hmac.AppendData(field);
    }
}
