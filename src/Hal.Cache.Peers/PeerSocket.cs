using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Resp;

namespace Hal.Cache.Peers;

/// <summary>A connection to a peer, its handshake over: on an event loop where there are any, else on the runtime's sockets.</summary>
internal sealed class PeerSocket : IDisposable
{
    /// <summary>Bytes that are received in one go on the loop's thread before other connections have their turn.</summary>
    private const int BytesAtOnceMax = 256 << 10;

    /// <summary>Longest line that ends the handshake, in bytes.</summary>
    private const int LineBytesMax = 4096;

    private readonly Socket socket;
    private readonly ILoopConnection? connection;
    private readonly IDirectInput? input;
    private readonly NetworkStream? stream;
    private int atOnce;

    private PeerSocket(Socket socket, PeerAddress address, ISocketLoops? loops)
    {
        (this.socket, Address, connection) = (socket, address, loops?.Take(socket));
        input = connection?.Input as IDirectInput;
        stream = connection == null ? new NetworkStream(socket, ownsSocket: false) : null;
        Pipe = connection ?? (IDuplexPipe)new StreamPipe(stream!);
    }

    public PeerAddress Address { get; }

    public IDuplexPipe Pipe { get; }

    /// <summary>Whether the other end takes the contexts of spans.</summary>
    public bool TakesTraces { get; private set; }

    /// <summary>Whether the other end knows <see cref="RangeRequest.IsHeldOnly"/>.</summary>
    public bool TakesHeldOnly { get; private set; }

    /// <summary>The other end's memory, where it can be mapped; null where bytes have to be sent.</summary>
    public PeerMemory? Memory { get; private set; }

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
        PeerAddress address, PeerChannelKind kind, PeerOptions options, ISocketLoops? loops, PeerMemories? memories, TimeProvider time,
        CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        PeerSocket? connected = null;
        try
        {
            connected = loops != null
                ? Begin(await FindAsync(address, either.Token).ConfigureAwait(false), address, loops)
                : await WaitForAsync(address, either.Token).ConfigureAwait(false);
            if (await connected.GreetAsync(kind, options, memories, either.Token).ConfigureAwait(false) is { } error)
            {
                connected.Dispose();
                return error;
            }

            // Who wanted the connection may have much to do now, and it may block.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return connected;
        }
        catch (Exception e) when (e is SocketException or IOException or RespProtocolException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            connected?.Dispose();
            string why = e is OperationCanceledException ? "no answer in time" : e.Message;
            return Unavailable($"instance '{address.Name}' at {address.Host}:{address.Port} can't be reached: {why}");
        }
        catch
        {
            connected?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Receives at least so many bytes into the front of the space, and what else there is; <see cref="IOException"/> where the connection
    /// ends before.
    /// </summary>
    public async ValueTask<int> ReceiveAsync(Memory<byte> space, int least, CancellationToken cancellation)
    {
        if (input == null)
            return await stream!.ReadAtLeastAsync(space, least, cancellationToken: cancellation).ConfigureAwait(false);
        int done = 0;
        while (done < least)
        {
            int count = atOnce < BytesAtOnceMax ? input.TryReceive(space.Span[done..]) : -1;
            if (count == 0)
                throw new EndOfStreamException("The peer closed the connection.");
            if (count < 0)
                await input.WaitAsync(cancellation).ConfigureAwait(false);
            (done, atOnce) = count < 0 ? (done, 0) : (done + count, atOnce + count);
        }

        return done;
    }

    /// <summary>Sends all of the bytes; <see cref="IOException"/> where the peer takes no more.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        FlushResult flushed = await Pipe.Output.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        if (flushed.IsCompleted || flushed.IsCanceled)
            throw new IOException(connection?.Failure ?? "The peer takes no more.");
    }

    /// <summary>Ends the connection for whoever uses it, who disposes of it then; from any thread.</summary>
    public void Break()
    {
        if (connection != null)
            connection.Break();
        else
            Dispose();
    }

    public void Dispose()
    {
        stream?.Dispose();
        if (connection != null)
            _ = connection.DisposeAsync().AsTask();
        else
            socket.Dispose();
    }

    private static async ValueTask<PeerSocket> WaitForAsync(PeerAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellation).ConfigureAwait(false);
            return new PeerSocket(socket, address, null);
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

    private static async ValueTask<IPAddress> FindAsync(PeerAddress address, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(address.Host, out IPAddress? known))
            return known;
        IPAddress[] found = await Dns.GetHostAddressesAsync(address.Host, cancellation).ConfigureAwait(false);
        return Array.Find(found, static one => one.AddressFamily == AddressFamily.InterNetwork)
            ?? (found.Length > 0 ? found[0] : throw new SocketException((int)SocketError.HostNotFound));
    }

    // What is sent first waits in the loop until the connection is made. The runtime's own waiting would have its thread woken for it for ever.
    private static PeerSocket Begin(IPAddress host, PeerAddress address, ISocketLoops loops)
    {
        var socket = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
        try
        {
            try
            {
                socket.Connect(host, address.Port);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // It is being made.
            }

            return new PeerSocket(socket, address, loops);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<CacheError?> GreetAsync(PeerChannelKind kind, PeerOptions options, PeerMemories? memories, CancellationToken cancellation)
    {
        var replies = new RespReplyReader(Pipe.Input.AsStream(leaveOpen: true)) { BulkBytesMax = 1 << 16 };
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
        string accepted = await ReadLineAsync(cancellation).ConfigureAwait(false);
        if (accepted.StartsWith('-'))
            return Unavailable($"instance '{Address.Name}' refuses: {accepted[1..]}");
        // Behind OK are the features that came after the first version of the protocol.
        string[] features = accepted.Split(' ')[1..];
        TakesTraces = features.Contains(PeerHandshake.TraceFeature);
        TakesHeldOnly = features.Contains(PeerHandshake.HeldFeature);
        if (kind == PeerChannelKind.Bytes && options.SharesMemory && memories != null && socket.LocalEndPoint is IPEndPoint { Port: var port })
        {
            byte[] token = PeerHandshake.MemoryToken(options.Secret.Span, options.Name, Address.Name, nonce, other);
            Memory = features.Select(word => memories.Find(Address.Name, word, port, token)).FirstOrDefault(static memory => memory != null);
        }

        return null;
    }

    // Not a byte more: what follows may be the first frames already.
    private async ValueTask<string> ReadLineAsync(CancellationToken cancellation)
    {
        while (true)
        {
            ReadResult read = await Pipe.Input.ReadAsync(cancellation).ConfigureAwait(false);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                string line = Encoding.UTF8.GetString(read.Buffer.Slice(0, end)).TrimEnd('\r');
                Pipe.Input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            Pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || read.Buffer.Length > LineBytesMax)
                throw new EndOfStreamException("The peer ended the handshake.");
        }
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

        return SendAsync(request.ToArray(), cancellation);
    }

    private static byte[] Digits(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static CacheError Unavailable(string message) => new(CacheErrorCode.Unavailable, message);
}
