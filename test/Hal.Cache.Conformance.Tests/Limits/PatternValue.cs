using System.Globalization;
using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Limits;

/// <summary>A value of any size that takes no memory in the test: noise of one block, begun at a place that the seed tells.</summary>
internal sealed record PatternValue(int Seed, long Bytes)
{
    // Neither a multiple nor a divisor of any chunk size: a chunk in the wrong place never looks right.
    private const int BlockBytes = 1_000_003;
    private const int PieceBytes = 256 * 1024;

    private static readonly byte[] Block = MakeBlock();

    /// <summary>Sends <c>SET key</c> with this value without waiting for the reply.</summary>
    public void SendSet(RespTestClient client, string key)
    {
        client.SendRaw(Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*3\r\n$3\r\nSET\r\n${key.Length}\r\n{key}\r\n${Bytes}\r\n")));
        for (long at = 0; at < Bytes;)
        {
            var piece = At(at);
            piece = piece[..(int)Math.Min(Math.Min(piece.Length, PieceBytes), Bytes - at)];
            client.SendRaw(piece);
            at += piece.Length;
        }

        client.SendRaw("\r\n"u8);
    }

    /// <summary>Sends <c>GET key</c> and compares as it comes; false for a null, throws <see cref="FormatException"/> at the first wrong byte.</summary>
    public bool Get(RespTestClient client, string key)
    {
        client.Send("GET", key);
        long at = 0;
        var length = client.ReceiveBulk(piece =>
        {
            for (var rest = piece.Span; rest.Length > 0;)
            {
                var wanted = At(at);
                var count = Math.Min(wanted.Length, rest.Length);
                if (!rest[..count].SequenceEqual(wanted[..count])) throw new FormatException($"{key}: wrong byte in the {count} from {at} of {Bytes}.");
                at += count;
                rest = rest[count..];
            }
        });
        if (length >= 0 && length != Bytes) throw new FormatException($"{key}: {length} bytes instead of {Bytes}.");
        return length >= 0;
    }

    /// <summary>Writes a file of these bytes.</summary>
    public void WriteFile(string path)
    {
        using var file = File.Create(path);
        for (long at = 0; at < Bytes;)
        {
            var piece = At(at);
            piece = piece[..(int)Math.Min(piece.Length, Bytes - at)];
            file.Write(piece);
            at += piece.Length;
        }
    }

    /// <summary>A part of the value, at most one block long.</summary>
    public byte[] Slice(long from, int length)
    {
        var slice = new byte[length];
        for (var done = 0; done < length;)
        {
            var piece = At(from + done);
            piece = piece[..Math.Min(piece.Length, length - done)];
            piece.CopyTo(slice.AsSpan(done));
            done += piece.Length;
        }

        return slice;
    }

    private ReadOnlySpan<byte> At(long position) => Block.AsSpan((int)((position + Start) % BlockBytes));

    private long Start => (uint)Seed * 7919L % BlockBytes;

    private static byte[] MakeBlock()
    {
        var block = new byte[BlockBytes];
        new Random(1).NextBytes(block);
        return block;
    }
}
