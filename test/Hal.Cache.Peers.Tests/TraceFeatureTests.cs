using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers.Tests;

/// <summary>A peer as a script of bytes, of the protocol's first version or of a later one than ours.</summary>
public sealed class TraceFeatureTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Secret = "a secret of the cluster"u8.ToArray();

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ActivitySource source = new(nameof(TraceFeatureTests));
    private readonly ActivityListener spans = new()
    {
        ShouldListenTo = static from => from.Name == nameof(TraceFeatureTests),
        Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    public TraceFeatureTests()
    {
        listener.Start();
        ActivitySource.AddActivityListener(spans);
    }

    public void Dispose()
    {
        listener.Dispose();
        spans.Dispose();
        source.Dispose();
    }

    [Theory]
    [InlineData("OK", 0)]
    [InlineData("OK trace", TraceFrame.Bytes)]
    [InlineData("OK later trace another", TraceFrame.Bytes)]
    [InlineData("OK tracer", 0)]
    public async Task A_range_is_asked_for_with_a_trace_where_the_peer_takes_one(string accepted, int traceBytes)
    {
        using var span = source.StartActivity("fetch", ActivityKind.Client)!;
        var peer = ServeAsync(accepted, RangeWire.RequestBytes + 1 + traceBytes);
        var directory = new Directory(((IPEndPoint)listener.LocalEndpoint).Port);
        await using var client = new PeerClient(directory, new PeerOptions { Name = "me", Secret = Secret }, TimeProvider.System);

        var buffer = new byte[4];
        Assert.Null(await client.ReadAsync("other", new RangeRequest(0, "k"u8.ToArray(), 1, 4, 0, 4), buffer, _ => { }, default).AsTask().WaitAsync(Patience));

        var request = await peer.WaitAsync(Patience);
        Assert.Equal("data"u8.ToArray(), buffer);
        Assert.Equal(traceBytes, RangeWire.TraceBytes(request));
        if (traceBytes > 0) Assert.Equal(span.SpanId, TraceFrame.Read(request.AsSpan()[^traceBytes..]).SpanId);
        Assert.Equal("127.0.0.1", span.GetTagItem(SpanTags.ServerAddress));
    }

    // Answers the handshake, takes a request of so many bytes, sends the value.
    private async Task<byte[]> ServeAsync(string accepted, int requestBytes)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        var stream = connection.GetStream();
        var hello = await ArgumentsAsync(stream);
        var nonce = PeerHandshake.Nonce();
        var proof = PeerHandshake.ServerProof(Secret, "me", "other", hello[^1], nonce);
        await stream.WriteAsync((byte[])[.. "*2\r\n$16\r\n"u8, .. nonce, .. "\r\n$32\r\n"u8, .. proof, .. "\r\n"u8]);
        await ArgumentsAsync(stream);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"+{accepted}\r\n"));
        var request = new byte[requestBytes];
        await stream.ReadExactlyAsync(request);
        var answer = new byte[RangeWire.PieceHeaderBytes + 4];
        BitConverter.TryWriteBytes(answer, 4);
        BitConverter.TryWriteBytes(answer.AsSpan(4), Crc32C.Append(0, "data"u8));
        "data"u8.CopyTo(answer.AsSpan(RangeWire.PieceHeaderBytes));
        await stream.WriteAsync(answer);
        return request;
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

        return int.Parse(line.ToString().AsSpan(1).Trim(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class Directory(int port) : IPeerDirectory
    {
        public bool TryFind(string peer, [NotNullWhen(true)] out PeerAddress? address)
        {
            address = new PeerAddress(peer, "127.0.0.1", port);
            return true;
        }
    }
}
