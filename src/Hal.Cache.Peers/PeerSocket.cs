using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Resp;

namespace Hal.Cache.Peers;

/// <summary>A connection to a peer, its handshake over.</summary>
internal sealed class PeerSocket : IDisposable
{
    private readonly Socket socket;

    private PeerSocket(Socket socket, PeerAddress address)
    {
        (this.socket, Address) = (socket, address);
        Stream = new NetworkStream(socket, ownsSocket: false);
        Pipe = new StreamPipe(Stream);
    }

    public PeerAddress Address { get; }

    public NetworkStream Stream { get; }

    public StreamPipe Pipe { get; }

    /// <summary>Whether the other end takes the contexts of spans.</summary>
    public bool TakesTraces { get; private set; }

    /// <summary>Whether the other end has neither closed nor sent something that nobody asked for.</summary>
    public bool IsFresh
    {
        get
        {
            try
            {
                return !socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    public static async ValueTask<Result<PeerSocket>> ConnectAsync(
        PeerAddress address, PeerChannelKind kind, PeerOptions options, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, either.Token).ConfigureAwait(false);
            var connected = new PeerSocket(socket, address);
            if (await connected.GreetAsync(kind, options, either.Token).ConfigureAwait(false) is not { } error)
                return connected;
            connected.Dispose();
            return error;
        }
        catch (Exception e) when (e is SocketException or IOException or RespProtocolException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            socket.Dispose();
            string why = e is OperationCanceledException ? "no answer in time" : e.Message;
            return Unavailable($"instance '{address.Name}' at {address.Host}:{address.Port} can't be reached: {why}");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What goes along with a request of the span that runs here, which is told where its answer comes from; default for nothing.</summary>
    public ActivityContext Trace()
    {
        if (Activity.Current is not { Recorded: true } span)
            return default;
        if (span.Kind == ActivityKind.Client)
            span.SetTag(SpanTags.ServerAddress, Address.Host).SetTag(SpanTags.ServerPort, Address.Port).SetTag(SpanTags.Transport, "tcp");
        return TakesTraces ? span.Context : default;
    }

    public void Dispose()
    {
        Stream.Dispose();
        socket.Dispose();
    }

    private async ValueTask<CacheError?> GreetAsync(PeerChannelKind kind, PeerOptions options, CancellationToken cancellation)
    {
        var replies = new RespReplyReader(Stream) { BulkBytesMax = 1 << 16 };
        byte[] nonce = PeerHandshake.Nonce();
        await SendAsync(
            cancellation, "HAL.PEER"u8.ToArray(), "HELLO"u8.ToArray(), Digits(PeerHandshake.ProtocolVersion), Encoding.UTF8.GetBytes(options.Name),
            Encoding.UTF8.GetBytes(Address.Name), nonce).ConfigureAwait(false);
        RespValue hello = await replies.ReadAsync(cancellation).ConfigureAwait(false);
        if (hello.IsError)
            return Unavailable($"instance '{Address.Name}' refuses: {hello.Text}");
        if (hello.Items.Count != 2 || hello.Items[0].Bytes.Length != PeerHandshake.NonceBytes)
            return Unavailable($"what answers at {Address.Host}:{Address.Port} is no instance of this tree");
        byte[] other = hello.Items[0].Bytes.ToArray();
        byte[] expected = PeerHandshake.ServerProof(options.Secret.Span, options.Name, Address.Name, nonce, other);
        if (!CryptographicOperations.FixedTimeEquals(expected, hello.Items[1].Bytes.Span))
            return Unavailable($"instance '{Address.Name}' has another cluster secret");
        byte[] proof = PeerHandshake.ClientProof(options.Secret.Span, options.Name, Address.Name, nonce, other);
        await SendAsync(cancellation, "HAL.PEER"u8.ToArray(), "AUTH"u8.ToArray(), proof, Encoding.ASCII.GetBytes(kind.ToString())).ConfigureAwait(false);
        RespValue accepted = await replies.ReadAsync(cancellation).ConfigureAwait(false);
        if (accepted.IsError)
            return Unavailable($"instance '{Address.Name}' refuses: {accepted.Text}");
        // Behind OK are the features that came after the first version of the protocol.
        TakesTraces = accepted.Text.Split(' ').AsSpan(1).Contains(PeerHandshake.TraceFeature);
        return null;
    }

    private ValueTask SendAsync(CancellationToken cancellation, params byte[][] args)
    {
        var request = new MemoryStream();
        request.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{args.Length}\r\n")));
        foreach (byte[] arg in args)
        {
            request.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${arg.Length}\r\n")));
            request.Write(arg);
            request.Write("\r\n"u8);
        }

        return Stream.WriteAsync(request.ToArray(), cancellation);
    }

    private static byte[] Digits(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static CacheError Unavailable(string message) => new(CacheErrorCode.Unavailable, message);
}
