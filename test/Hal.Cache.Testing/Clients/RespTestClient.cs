using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hal.Cache.Testing.Clients;

/// <summary>A blocking RESP client over one raw socket: sends any bytes, reads reply trees and their exact bytes; every wait is bounded.</summary>
/// <remarks>Not thread-safe, but one thread may send while another receives.</remarks>
public sealed class RespTestClient : IDisposable
{
    /// <summary>The longest wait for bytes unless the caller says otherwise.</summary>
    public static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>Connects to a loopback port; <paramref name="receiveBufferBytes"/> bounds what the kernel takes for a client that does not read.</summary>
    public RespTestClient(int port, TimeSpan? wait = null, int? receiveBufferBytes = null)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBufferBytes is { } bytes) _socket.ReceiveBufferSize = bytes;
        var limit = (int)(wait ?? DefaultWait).TotalMilliseconds;
        _socket.ReceiveTimeout = limit;
        _socket.SendTimeout = limit;
        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>Sends bytes as they are.</summary>
    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[_socket.Send(bytes)..];
    }

    /// <summary>Sends a command without waiting for its reply.</summary>
    public void Send(params byte[][] arguments) => SendRaw(Encode(arguments));

    /// <summary>Sends a command given as text, one byte a character, without waiting for its reply.</summary>
    public void Send(params string[] arguments) => Send(Bytes(arguments));

    /// <summary>Sends a command and returns its reply.</summary>
    public RespTestReply Command(params byte[][] arguments)
    {
        Send(arguments);
        return Receive();
    }

    /// <summary>Sends a command given as text, one byte a character, and returns its reply.</summary>
    public RespTestReply Command(params string[] arguments) => Command(Bytes(arguments));

    /// <summary>Whether bytes have come that <see cref="Receive()"/> has not taken.</summary>
    public bool HasInput => _end > _start || _socket.Available > 0;

    /// <summary>The next reply; throws <see cref="EndOfStreamException"/> when the server has closed, <see cref="SocketException"/> after the wait.</summary>
    public RespTestReply Receive() => Receive(out _);

    /// <summary>The next reply and its exact bytes.</summary>
    public RespTestReply Receive(out byte[] raw)
    {
        while (true)
        {
            if (RespTestParser.TryParse(_buffer.AsSpan(_start, _end - _start), out var reply, out var consumed))
            {
                raw = _buffer.AsSpan(_start, consumed).ToArray();
                _start += consumed;
                return reply!;
            }

            if (!Fill()) throw new EndOfStreamException($"The server closed the connection after '{RespTestReply.Printable(_buffer.AsSpan(_start, _end - _start))}'.");
        }
    }

    /// <summary>Reads one bulk reply piece by piece and returns its length, or -1 for a null; throws <see cref="FormatException"/> for another reply.</summary>
    public long ReceiveBulk(Action<ReadOnlyMemory<byte>> piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        int line;
        while ((line = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8)) < 0)
        {
            if (!Fill()) throw new EndOfStreamException("The server closed the connection before a reply.");
        }

        var header = Encoding.Latin1.GetString(_buffer, _start, line);
        _start += line + 2;
        if (header is "_" or "$-1") return -1;
        if (header[0] != '$') throw new FormatException($"'{header}' is not a bulk reply.");
        var length = long.Parse(header.AsSpan(1), CultureInfo.InvariantCulture);
        for (var left = length + 2; left > 0;)
        {
            if (_start == _end && !Fill()) throw new EndOfStreamException($"The server closed the connection with {left} of {length} bytes to go.");
            var take = (int)Math.Min(left, _end - _start);
            var body = (int)Math.Min(take, Math.Max(0, left - 2));
            if (body > 0) piece(_buffer.AsMemory(_start, body));
            _start += take;
            left -= take;
        }

        return length;
    }

    /// <summary>Reads until the server closes or resets; returns what came. Throws <see cref="SocketException"/> when it does neither in time.</summary>
    public byte[] ReceiveToEnd()
    {
        try
        {
            while (Fill())
            {
            }
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // A reset is a close, too: the server may drop input that it has not read.
        }

        return _buffer.AsSpan(_start, _end - _start).ToArray();
    }

    /// <summary>Closes the sending half, as a client does that has nothing more to ask.</summary>
    public void ShutdownSend() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.Dispose();

    /// <summary>The command as a multibulk request.</summary>
    public static byte[] Encode(IReadOnlyList<byte[]> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var bytes = new MemoryStream();
        bytes.Write(Header('*', arguments.Count));
        foreach (var argument in arguments)
        {
            bytes.Write(Header('$', argument.Length));
            bytes.Write(argument);
            bytes.Write("\r\n"u8);
        }

        return bytes.ToArray();
    }

    /// <summary>Text as bytes, one byte a character.</summary>
    public static byte[][] Bytes(params IReadOnlyList<string> arguments) => [.. arguments.Select(Encoding.Latin1.GetBytes)];

    private static byte[] Header(char type, int count) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{type}{count}\r\n"));

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = _socket.Receive(_buffer.AsSpan(_end));
        _end += read;
        return read > 0;
    }
}
