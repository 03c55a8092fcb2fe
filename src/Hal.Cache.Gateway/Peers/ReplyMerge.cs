using System.Buffers.Text;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>Makes one reply of those of several roots, as a <see cref="FanOut"/> says.</summary>
internal sealed class ReplyMerge(FanOut kind)
{
    private readonly List<byte[]> arrays = [];
    private byte[]? error;
    private byte[]? last;
    private long sum;
    private long least = long.MaxValue;

    /// <summary>Whether the roots that were not asked yet need not be.</summary>
    public bool IsDone { get; private set; }

    public void Add(byte[] reply)
    {
        if (IsError(reply))
        {
            error ??= reply;
            return;
        }

        switch (kind)
        {
            case FanOut.Sum:
                sum += Number(reply);
                break;
            case FanOut.Concat:
                sum += Number(reply);
                arrays.Add(reply[(reply.AsSpan().IndexOf((byte)'\n') + 1)..]);
                break;
            case FanOut.Chance:
                IsDone = !IsNull(reply);
                last = reply;
                break;
            case FanOut.Least:
                long first = Number(reply.AsSpan(reply.AsSpan().IndexOf((byte)'\n') + 1));
                if (first >= least)
                    break;
                (least, last) = (first, reply);
                break;
            default:
                last ??= reply;
                break;
        }
    }

    /// <summary>Writes the one reply; false where that is an error.</summary>
    public bool WriteTo(RespWriter writer)
    {
        // A key by chance, or the end of a script, is had as long as one root answers.
        if (error is not null && !(kind is FanOut.Any && last is not null) && !(kind is FanOut.Chance && IsDone))
        {
            writer.Raw(error);
            return false;
        }

        if (kind == FanOut.Sum)
        {
            writer.Integer(sum);
            return true;
        }

        if (kind == FanOut.Concat)
        {
            writer.ArrayHeader((int)sum);
            foreach (byte[] elements in arrays)
                writer.Raw(elements);
            return true;
        }

        writer.Raw(last);
        return true;
    }

    public static bool IsError(ReadOnlySpan<byte> reply) => reply.Length > 0 && reply[0] is (byte)'-' or (byte)'!';

    private static bool IsNull(ReadOnlySpan<byte> reply) => reply.SequenceEqual("$-1\r\n"u8) || reply.SequenceEqual("_\r\n"u8);

    // What stands behind the kind of an integer, or of an array: its value, or its length.
    private static long Number(ReadOnlySpan<byte> reply) => Utf8Parser.TryParse(reply[1..], out long value, out _) ? value : 0;
}
