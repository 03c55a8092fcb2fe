namespace Hal.Cache.Resp;

/// <summary>
/// Finds where a reply ends, without reading it: for relays, which pass replies of any size on as they come. Feed it the bytes as they
/// arrive; replies of either protocol, no streamed aggregates.
/// </summary>
public struct RespReplyScanner
{
    private const int LineBytesMax = RespLimits.InlineBytesMax;

    private long values;    // values that are still to come
    private long skip;      // bytes of a body, its line end included, that are still to come
    private long number;    // of the line that is being read
    private int lineBytes;
    private byte kind;      // of the line that is being read, 0 between lines
    private bool isNegative;
    private bool hasStarted;

    /// <summary>Whether the whole reply has been seen.</summary>
    public readonly bool IsComplete => hasStarted && values == 0 && skip == 0 && kind == 0;

    /// <summary>First byte of the reply, 0 before it has come; '-' or '!' for an error.</summary>
    public byte FirstKind { get; private set; }

    /// <summary>
    /// Takes bytes up to the reply's end and answers how many; throws <see cref="RespProtocolException"/> for what is no reply.
    /// </summary>
    public int Scan(ReadOnlySpan<byte> bytes)
    {
        if (!hasStarted)
        {
            if (bytes.IsEmpty)
                return 0;
            (hasStarted, values, FirstKind) = (true, 1, bytes[0]);
        }

        int at = 0;
        while (at < bytes.Length && !IsComplete)
        {
            if (skip > 0)
            {
                int some = (int)Math.Min(skip, bytes.Length - at);
                skip -= some;
                at += some;
            }
            else if (kind == 0)
            {
                (kind, number, isNegative, lineBytes) = (bytes[at++], 0, false, 0);
            }
            else
            {
                at += TakeLine(bytes[at..]);
            }
        }

        return at;
    }

    private int TakeLine(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? bytes : bytes[..end];
        if ((lineBytes += line.Length) > LineBytesMax)
            throw new RespProtocolException($"A line is longer than {LineBytesMax} bytes.");
        if (IsCounted(kind))
        {
            foreach (byte each in line)
            {
                if (each == '-')
                    isNegative = true;
                else if (each is >= (byte)'0' and <= (byte)'9' && number < long.MaxValue / 100)
                    number = (number * 10) + (each - '0');
                else if (each != '\r')
                    throw new RespProtocolException("A length or count is malformed.");
            }
        }

        if (end < 0)
            return bytes.Length;
        EndLine();
        return end + 1;
    }

    private void EndLine()
    {
        switch (kind)
        {
            case (byte)'$' or (byte)'=' or (byte)'!':
                skip = isNegative ? 0 : number + 2;
                values--;
                break;
            case (byte)'*' or (byte)'~' or (byte)'>':
                values += (isNegative ? 0 : number) - 1;
                break;
            case (byte)'%':
                values += (2 * number) - 1;
                break;
            case (byte)'|':
                values += 2 * number; // the value that they belong to is still to come
                break;
            case (byte)'+' or (byte)'-' or (byte)':' or (byte)'(' or (byte)',' or (byte)'#' or (byte)'_':
                values--;
                break;
            default:
                throw new RespProtocolException($"A reply starts with byte 0x{kind:x2}.");
        }

        kind = 0;
    }

    private static bool IsCounted(byte kind) =>
        kind is (byte)'$' or (byte)'=' or (byte)'!' or (byte)'*' or (byte)'~' or (byte)'>' or (byte)'%' or (byte)'|';
}
