using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Hal.Cache.Resp;

/// <summary>
/// Parses a connection's requests, one at a time, into ranges of its bytes; a parse goes on where the last one stopped.
/// </summary>
/// <remarks>
/// Not thread-safe. Ranges, not slices, are kept, because the caller's buffer may move between two calls. Lines are found as
/// Redis finds them: what follows a NUL byte in a line is not seen, and the two bytes that end a line or a body are skipped, not compared.
/// </remarks>
public sealed class RespRequestParser
{
    private enum State : byte
    {
        Start,
        Header,
        Body,
        Large,
        Done,
        Failed,
    }

    private const int LineEnd = 2;

    private readonly ArgRange[] keptArgs = new ArgRange[RespLimits.ArgsKept];
    private ArgRange[] args;
    private State state;
    private int position;   // first byte of the input that is not parsed yet
    private int scanned;    // no line ends before this byte of the input
    private int remaining;  // arguments that are still to come
    private long bodyLength;
    private bool inScratch;
    private byte[] scratch = [];
    private int scratchLength;
    private long[] largeLengths = [];
    private int largeCount;
    private byte[] error = [];
    private long bulkBytesMax = RespLimits.BulkBytesMax;

    public RespRequestParser() => args = keptArgs;

    /// <summary>
    /// Whether arguments over <see cref="RespLimits.StreamedBulkBytes"/> are handed over instead of buffered; never before
    /// authentication.
    /// </summary>
    public bool StreamLarge { get; set; } = true;

    /// <summary>Whether the tight limits for connections that have not authenticated apply.</summary>
    public bool Unauthenticated { get; set; }

    /// <summary>Longest bulk argument, in bytes; at least <see cref="RespLimits.BulkBytesMaxLeast"/>.</summary>
    public long BulkBytesMax
    {
        get => bulkBytesMax;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, RespLimits.BulkBytesMaxLeast);
            bulkBytesMax = value;
        }
    }

    /// <summary>Most bytes of one request that are buffered; a request that needs more is an error.</summary>
    public int RequestBytesMax { get; set; } = RespLimits.RequestBytesMax;

    /// <summary>Arguments of the request, the command's name included; arguments that are parsed so far while it is incomplete.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Bytes of the request in the input: all of it after a command, up to the large argument's body after a large argument.
    /// </summary>
    public int Consumed { get; private set; }

    /// <summary>
    /// After <see cref="ParseResult.NeedMore"/>, the least length of input, in bytes, with which parsing can get further.
    /// </summary>
    public long Needed { get; private set; }

    /// <summary>Bytes of the large argument that is to be taken now.</summary>
    public long LargeLength => bodyLength;

    /// <summary>Large arguments of the request so far.</summary>
    public int LargeCount => largeCount;

    /// <summary>After an error, Redis's text for it without the leading "-ERR ".</summary>
    public ReadOnlySpan<byte> ErrorMessage => error;

    public ArgRange this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)index < (uint)Count ? args[index] : throw new ArgumentOutOfRangeException(nameof(index));
    }

    /// <summary>
    /// The bytes of an argument, valid as long as the input is and until <see cref="Reset"/>; empty for a large argument.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Arg(int index, ReadOnlySpan<byte> input)
    {
        var range = this[index];
        return inScratch ? scratch.AsSpan(range.Offset, range.Length) : input.Slice(range.Offset, range.Length);
    }

    /// <summary>What the ranges are ranges of: the input, or the parser's own bytes when an inline request had quotes.</summary>
    public ReadOnlyMemory<byte> Source(ReadOnlyMemory<byte> input) => inScratch ? scratch.AsMemory(0, scratchLength) : input;

    /// <summary>Bytes of the large argument with the index that its <see cref="ArgRange.Large"/> gives.</summary>
    public long LargeLengthOf(int large) =>
        (uint)large < (uint)largeCount ? largeLengths[large] : throw new ArgumentOutOfRangeException(nameof(large));

    /// <summary>Parses on; the input starts at the request's first byte, and lacks the bodies of large arguments that were taken.</summary>
    public ParseResult Parse(ReadOnlySpan<byte> input)
    {
        if (state == State.Start)
        {
            if (input.IsEmpty) return More(1);
            if (input[0] != (byte)'*') return ParseInline(input);

            // Nearly every request has one digit of arguments.
            if (input.Length >= 4 && input[2] == (byte)'\r' && (uint)(input[1] - '1') < 9u)
            {
                remaining = input[1] - '0';
                position = 4;
                scanned = 4;
                state = State.Header;
            }
            else
            {
                var result = ParseCount(input);
                if (state != State.Header) return result;
            }
        }

        return state switch
        {
            State.Header or State.Body => ParseArgs(input),
            State.Large => ParseResult.LargeArgument,
            State.Done => ParseResult.Command,
            _ => ParseResult.Error,
        };
    }

    /// <summary>Says that the large argument's body and the line's end after it were taken from the stream.</summary>
    public void LargeTaken()
    {
        if (state != State.Large) throw new InvalidOperationException("No large argument is waiting to be taken.");
        if (largeCount == largeLengths.Length) Array.Resize(ref largeLengths, Math.Max(2, largeCount * 2));
        largeLengths[largeCount] = bodyLength;
        Add(new ArgRange(0, 0, largeCount));
        largeCount++;
        remaining--;
        state = State.Header;
    }

    /// <summary>Forgets the request, so that the next call of <see cref="Parse"/> starts another one.</summary>
    public void Reset()
    {
        state = State.Start;
        position = 0;
        scanned = 0;
        Count = 0;
        Consumed = 0;
        if (args.Length > RespLimits.ArgsKept) ReturnArgs();
        if (largeCount != 0) ForgetLarge();
        if (inScratch) ForgetScratch();
    }

    private ParseResult ParseCount(ReadOnlySpan<byte> input)
    {
        var line = FindEnd(input, (byte)'\r');
        if (line == Line.TooLong) return Fail("Protocol error: too big mbulk count string"u8);
        if (line == Line.Incomplete || scanned + 1 >= input.Length) return More(input.Length + 1L);
        if (!RedisInteger.TryParse(input[1..scanned], out var announced) || announced > RespLimits.ArgsMax)
            return Fail("Protocol error: invalid multibulk length"u8);
        if (Unauthenticated && announced > RespLimits.UnauthenticatedArgsMax)
            return Fail("Protocol error: unauthenticated multibulk length"u8);

        position = scanned + LineEnd;
        scanned = position;
        remaining = (int)Math.Max(0, announced);
        state = State.Header;
        return ParseResult.NeedMore;
    }

    private ParseResult ParseArgs(ReadOnlySpan<byte> input)
    {
        ref var first = ref MemoryMarshal.GetReference(input);
        while (remaining > 0)
        {
            var at = position;
            var rest = input.Length - at;
            if (state == State.Header)
            {
                // Lengths of one and two digits are read in place; anything else, wrong or right, takes the careful path.
                // All reads are within input: rest is at least 5 (the shortest argument, "$0\r\n\r\n", has 6 bytes).
                uint ones, tens;
                if (rest >= 5 && Unsafe.Add(ref first, at) == (byte)'$' && (tens = (uint)Unsafe.Add(ref first, at + 1) - '0') <= 9)
                {
                    if (Unsafe.Add(ref first, at + 2) == (byte)'\r')
                    {
                        bodyLength = tens;
                        position = at + 4;
                        goto Body;
                    }

                    if (tens != 0 && (ones = (uint)Unsafe.Add(ref first, at + 2) - '0') <= 9 && Unsafe.Add(ref first, at + 3) == (byte)'\r')
                    {
                        bodyLength = (tens * 10) + ones;
                        position = at + 5;
                        goto Body;
                    }
                }

                var result = ParseLength(input);
                if (state != State.Body) return result;
            }

        Body:
            at = position;
            if (bodyLength > input.Length - at - LineEnd)
            {
                state = State.Body;
                return bodyLength > (long)RequestBytesMax - at - LineEnd ? FailTooBig() : More(at + bodyLength + LineEnd);
            }

            Add(new ArgRange(at, (int)bodyLength, -1));
            remaining--;
            position = at + (int)bodyLength + LineEnd;
            scanned = position;
            state = State.Header;
        }

        if (position > RequestBytesMax) return FailTooBig();
        state = State.Done;
        Consumed = position;
        return ParseResult.Command;
    }

    private ParseResult ParseLength(ReadOnlySpan<byte> input)
    {
        var line = FindEnd(input, (byte)'\r');
        if (line == Line.TooLong) return Fail("Protocol error: too big bulk count string"u8);
        if (line == Line.Incomplete || scanned + 1 >= input.Length)
            return input.Length >= RequestBytesMax ? FailTooBig() : More(input.Length + 1L);
        if (input[position] != (byte)'$') return FailExpected(input[position]);
        if (!RedisInteger.TryParse(input[(position + 1)..scanned], out var length) || length < 0 || length > bulkBytesMax)
            return Fail("Protocol error: invalid bulk length"u8);
        if (Unauthenticated && length > RespLimits.UnauthenticatedBulkBytesMax)
            return Fail("Protocol error: unauthenticated bulk length"u8);

        position = scanned + LineEnd;
        scanned = position;
        bodyLength = length;
        if (StreamLarge && !Unauthenticated && length > RespLimits.StreamedBulkBytes)
        {
            state = State.Large;
            Consumed = position;
            return ParseResult.LargeArgument;
        }

        state = State.Body;
        return ParseResult.NeedMore;
    }

    private ParseResult ParseInline(ReadOnlySpan<byte> input)
    {
        var found = FindEnd(input, (byte)'\n');
        if (found == Line.TooLong) return Fail("Protocol error: too big inline request"u8);
        if (found == Line.Incomplete) return More(input.Length + 1L);

        var line = input[..scanned];
        if (!line.IsEmpty && line[^1] == (byte)'\r') line = line[..^1];
        if (line.IndexOfAny((byte)'"', (byte)'\'') >= 0)
        {
            if (scratch.Length < line.Length) scratch = new byte[line.Length];
            inScratch = true;
            if (!InlineArgs.TryUnquote(line, scratch, this, out scratchLength))
                return Fail("Protocol error: unbalanced quotes in request"u8);
        }
        else
        {
            InlineArgs.Split(line, this);
        }

        position = scanned + 1;
        Consumed = position;
        state = State.Done;
        return ParseResult.Command;
    }

    private enum Line
    {
        Found,
        Incomplete,
        TooLong,
    }

    // Leaves `scanned` at the line's end, or at the byte from which the search goes on when there is more input.
    private Line FindEnd(ReadOnlySpan<byte> input, byte end)
    {
        var limit = (int)Math.Min(input.Length, position + RespLimits.InlineBytesMax + 1L);
        var found = input[scanned..limit].IndexOfAny(end, (byte)0);
        scanned = found < 0 ? limit : scanned + found;
        if (found >= 0 && input[scanned] == end) return Line.Found;
        return input.Length - position > RespLimits.InlineBytesMax ? Line.TooLong : Line.Incomplete;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(ArgRange range)
    {
        var count = Count;
        if ((uint)count >= (uint)args.Length) GrowArgs();
        args[count] = range;
        Count = count + 1;
    }

    private void GrowArgs()
    {
        var larger = ArrayPool<ArgRange>.Shared.Rent(args.Length * 2);
        args.CopyTo(larger, 0);
        ReturnArgs();
        args = larger;
    }

    private void ReturnArgs()
    {
        if (args != keptArgs) ArrayPool<ArgRange>.Shared.Return(args);
        args = keptArgs;
    }

    private void ForgetLarge()
    {
        largeCount = 0;
        if (largeLengths.Length > RespLimits.ArgsKept) largeLengths = [];
    }

    private void ForgetScratch()
    {
        inScratch = false;
        if (scratch.Length > RespLimits.ScratchBytesKept) scratch = [];
    }

    private ParseResult More(long needed)
    {
        Needed = needed;
        return ParseResult.NeedMore;
    }

    private ParseResult Fail(ReadOnlySpan<byte> message)
    {
        state = State.Failed;
        error = message.ToArray();
        return ParseResult.Error;
    }

    private ParseResult FailExpected(byte got)
    {
        Fail("Protocol error: expected '$', got '?'"u8);
        error[^2] = got;
        return ParseResult.Error;
    }

    // Redis closes such a connection without a word.
    private ParseResult FailTooBig() => Fail(Encoding.ASCII.GetBytes($"Protocol error: request exceeds {RequestBytesMax} bytes"));
}
