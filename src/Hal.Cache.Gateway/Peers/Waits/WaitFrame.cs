using System.Buffers;
using System.Buffers.Binary;

namespace Hal.Cache.Gateway.Peers.Waits;

/// <summary>A frame of the connection that commands which wait at the authority share: one byte of kind, eight of the request's number, then its bytes.</summary>
internal static class WaitFrame
{
    /// <summary>Bytes before those that the kind has.</summary>
    public const int HeaderBytes = 1 + sizeof(long);

    /// <summary>What a frame says.</summary>
    public enum Kind : byte
    {
        /// <summary>To the authority: run this command, which HAL.PEER CALL announces.</summary>
        Run = 1,

        /// <summary>To the authority: its client has left.</summary>
        Cancel = 2,

        /// <summary>To the authority: the client has taken the piece, the next one may come.</summary>
        Taken = 3,

        /// <summary>From the authority: the reply's next bytes.</summary>
        Piece = 4,

        /// <summary>From the authority: nothing more comes, whether the reply is whole or not.</summary>
        End = 5,
    }

    /// <summary>Writes the front of a frame.</summary>
    public static void Begin(IBufferWriter<byte> output, Kind kind, long request)
    {
        Span<byte> header = output.GetSpan(HeaderBytes);
        header[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(header[1..], request);
        output.Advance(HeaderBytes);
    }

    /// <summary>A frame that says no more than its kind.</summary>
    public static byte[] Of(Kind kind, long request)
    {
        byte[] frame = new byte[HeaderBytes];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(1), request);
        return frame;
    }

    /// <summary>False where the frame is too short to be one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out Kind kind, out long request)
    {
        (kind, request) = (default, 0);
        if (frame.Length < HeaderBytes) return false;
        kind = (Kind)frame[0];
        request = BinaryPrimitives.ReadInt64LittleEndian(frame[1..]);
        return true;
    }
}
