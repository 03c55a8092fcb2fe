using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>How a body is asked for and framed: RESP, or HTTP 1.1 with a length.</summary>
internal abstract class Wire
{
    public static Wire Resp { get; } = new RespWire();

    public static Wire Http { get; } = new HttpWire();

    /// <summary>A request for an object, or for a range of it.</summary>
    public abstract byte[] Request(string name, (long From, long Length)? range = null);

    /// <summary>Where the body begins, its length, and the bytes behind it; false until the head is whole, <see cref="BenchmarkException"/> where it is no body.</summary>
    public abstract bool TryHead(ReadOnlySpan<byte> received, out int headBytes, out long bodyBytes, out int tailBytes);

    private sealed class RespWire : Wire
    {
        public override byte[] Request(string name, (long From, long Length)? range) => RespSocket.Encode(range is { } part
            ? ["GETRANGE", name, Number(part.From), Number(part.From + part.Length - 1)]
            : ["GET", name]);

        public override bool TryHead(ReadOnlySpan<byte> received, out int headBytes, out long bodyBytes, out int tailBytes)
        {
            (headBytes, bodyBytes, tailBytes) = (received.IndexOf((byte)'\n') + 1, 0, 2);
            if (headBytes == 0)
                return false;
            if (received[0] != (byte)'$' || !Utf8Parser.TryParse(received[1..], out bodyBytes, out _) || bodyBytes < 0)
                throw new BenchmarkException($"a read answered {Encoding.UTF8.GetString(received[..headBytes]).Trim()}");
            return true;
        }
    }

    private sealed class HttpWire : Wire
    {
        public override byte[] Request(string name, (long From, long Length)? range) => Encoding.ASCII.GetBytes(
            $"GET /{name} HTTP/1.1\r\nHost: local\r\n{(range is { } part ? $"Range: bytes={Number(part.From)}-{Number(part.From + part.Length - 1)}\r\n" : "")}\r\n");

        public override bool TryHead(ReadOnlySpan<byte> received, out int headBytes, out long bodyBytes, out int tailBytes)
        {
            (headBytes, bodyBytes, tailBytes) = (received.IndexOf("\r\n\r\n"u8) + 4, 0, 0);
            if (headBytes < 4)
                return false;
            var lines = Encoding.ASCII.GetString(received[..headBytes]).Split("\r\n");
            const string Length = "content-length:";
            var length = lines.FirstOrDefault(line => line.StartsWith(Length, StringComparison.OrdinalIgnoreCase));
            if (lines[0].Split(' ') is not [_, "200" or "206", ..] || length is null)
                throw new BenchmarkException($"a read answered {lines[0]}");
            bodyBytes = long.Parse(length[Length.Length..], CultureInfo.InvariantCulture);
            return true;
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
