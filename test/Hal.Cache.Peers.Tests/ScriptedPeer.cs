using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Peers.Tests;

/// <summary>A peer called "other" as a script of bytes, which answers the handshake of one called "me".</summary>
internal sealed class ScriptedPeer : IPeerDirectory, IDisposable
{
    public static readonly byte[] Secret = "a secret of the cluster"u8.ToArray();

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public ScriptedPeer() => listener.Start();

    public void Dispose() => listener.Dispose();

    public bool TryFind(string peer, [NotNullWhen(true)] out PeerAddress? address)
    {
        address = new PeerAddress(peer, "127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);
        return true;
    }

    /// <summary>Takes the next connection and answers its handshake, whose last line may depend on the port that it comes from and the memory's token.</summary>
    public async Task<NetworkStream> AcceptAsync(Func<int, byte[], string> accepted)
    {
        var socket = await listener.AcceptSocketAsync();
        var stream = new NetworkStream(socket, ownsSocket: true);
        var hello = await ArgumentsAsync(stream);
        var nonce = PeerHandshake.Nonce();
        var proof = PeerHandshake.ServerProof(Secret, "me", "other", hello[^1], nonce);
        await stream.WriteAsync((byte[])[.. "*2\r\n$16\r\n"u8, .. nonce, .. "\r\n$32\r\n"u8, .. proof, .. "\r\n"u8]);
        await ArgumentsAsync(stream);
        var token = PeerHandshake.MemoryToken(Secret, "me", "other", hello[^1], nonce);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"+{accepted(((IPEndPoint)socket.RemoteEndPoint!).Port, token)}\r\n"));
        return stream;
    }

    /// <summary>A request for a range of a key of one byte.</summary>
    public static async Task<byte[]> RequestAsync(NetworkStream stream, int traceBytes = 0)
    {
        var request = new byte[RangeWire.RequestBytes + 1 + traceBytes];
        await stream.ReadExactlyAsync(request);
        return request;
    }

    /// <summary>Sends bytes as one piece.</summary>
    public static async Task SendAsync(NetworkStream stream, byte[] bytes)
    {
        var header = new byte[RangeWire.PieceHeaderBytes];
        RangeWire.WritePieceHeader(header, bytes);
        await stream.WriteAsync((byte[])[.. header, .. bytes]);
    }

    private static async Task<List<byte[]>> ArgumentsAsync(NetworkStream stream)
    {
        var arguments = new List<byte[]>();
        for (var left = await NumberAsync(stream); left > 0; left--)
        {
            var argument = new byte[await NumberAsync(stream) + 2];
            await stream.ReadExactlyAsync(argument);
            arguments.Add(argument[..^2]);
        }

        return arguments;
    }

    // A line such as *3 or $16.
    private static async Task<int> NumberAsync(NetworkStream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (line.Length < 2 || line[^1] != '\n')
        {
            await stream.ReadExactlyAsync(one);
            line.Append((char)one[0]);
        }

        return int.Parse(line.ToString().AsSpan(1).Trim(), CultureInfo.InvariantCulture);
    }
}
