using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers;

/// <summary>
/// One request for a range on one connection: each piece's checksum is checked when it has come, or when it is copied from where the peer says that it
/// lies, by this read or by who wants it. <paramref name="filled"/> hears how many bytes are good or placed whenever more would have to be waited for.
/// </summary>
/// <param name="isLocated">Whether the peer may say where bytes lie; its memory can be mapped.</param>
internal sealed class RangeFetch(
    string peer, PeerSocket socket, bool isLocated, RangeBuffer buffer, Action<int> filled, PeerOptions options, TimeProvider time)
{
    /// <summary>Bytes after which they are told of, though more are here.</summary>
    private const int ToldBytesMax = 256 << 10;

    private readonly byte[] scratch = ArrayPool<byte>.Shared.Rent(RangeWire.RequestBytes + BlobKey.BytesMax + TraceFrame.Bytes);
    private int told;
    private int held; // bytes that came and were not looked at, from the front of the scratch buffer
    private bool isAwaited;
    private bool hasLeft;
    private bool hasPlaced;

    /// <summary>True when the answer was taken to its end, so that the connection may be used again.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>True when bytes had left the peer's memory before they were copied: the rest is to be asked for without that.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Bytes from the front of the buffer that are good; during the read also those that are placed.</summary>
    public int Done { get; private set; }

    /// <summary>Bytes of them that are copied from the peer's memory, and not sent.</summary>
    public int Copied { get; private set; }

    /// <summary>Fills the buffer; called once.</summary>
    public async ValueTask<CacheError?> RunAsync(RangeRequest request, CancellationToken cancellation)
    {
        using var stall = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellation);
        try
        {
            buffer.Begin();
            int length = RangeWire.Write(request, scratch, socket.Trace(), isLocated);
            await socket.SendAsync(scratch.AsMemory(0, length), either.Token).ConfigureAwait(false);
            while (Done < buffer.Length)
            {
                if (await ReceivePieceAsync(stall, either.Token).ConfigureAwait(false) is { } error)
                    return error;
            }

            bool isHere = await CopyPlacedAsync(options.CopyPatience).ConfigureAwait(false);
            IsWhole = !isAwaited || await TrySayTakenAsync(either.Token).ConfigureAwait(false);
            if (!isHere)
                return Gone();
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new CacheError(CacheErrorCode.Unavailable, $"instance '{peer}' sent nothing for {options.StallTimeout.TotalSeconds} s");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return new CacheError(CacheErrorCode.Unavailable, $"the connection to instance '{peer}' broke: {e.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
            if (hasPlaced && cancellation.IsCancellationRequested)
                buffer.DropPlaced();
            await CopyPlacedAsync(TimeSpan.Zero).ConfigureAwait(false); // before the peer lets go of it
            Tell();
        }
    }

    // Pieces that are here already are told of together: who passes them on wakes its client once.
    private async ValueTask<CacheError?> ReceivePieceAsync(CancellationTokenSource stall, CancellationToken cancellation)
    {
        await HoldAsync(RangeWire.PieceHeaderBytes, cancellation).ConfigureAwait(false);
        stall.CancelAfter(options.StallTimeout);
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(scratch);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(scratch.AsSpan(sizeof(int)));
        if (isLocated && bytes > 0 && (bytes & RangeWire.LocatedPiece) != 0)
        {
            isAwaited |= (bytes & RangeWire.FleetingPiece) != 0;
            return await CopyAsync(bytes & ~(RangeWire.LocatedPiece | RangeWire.FleetingPiece), crc, cancellation).ConfigureAwait(false);
        }

        Drop(RangeWire.PieceHeaderBytes);
        if (bytes == 0)
            return null;
        if (bytes < 0)
            return await RefusedAsync(bytes, (int)crc, cancellation).ConfigureAwait(false);
        if (bytes > buffer.Length - Done)
            return SentTooMuch();
        uint sum = 0;
        for (int got = 0; got < bytes;)
        {
            Memory<byte> part = buffer.At(Done + got);
            int wanted = Math.Min(part.Length, bytes - got);
            await FillAsync(part, wanted, isLast: got + wanted == bytes, cancellation).ConfigureAwait(false);
            sum = Crc32C.Append(sum, part.Span[..wanted]);
            got += wanted;
        }

        if (sum != crc)
            return new CacheError(CacheErrorCode.Corrupt, $"bytes from instance '{peer}' fail their checksum");
        Took(bytes, crc);
        return null;
    }

    private async ValueTask<CacheError?> CopyAsync(int bytes, uint crc, CancellationToken cancellation)
    {
        await HoldAsync(RangeWire.LocatedHeaderBytes, cancellation).ConfigureAwait(false);
        long place = BinaryPrimitives.ReadInt64LittleEndian(scratch.AsSpan(RangeWire.PieceHeaderBytes));
        Drop(RangeWire.LocatedHeaderBytes);
        if (bytes is 0 or > RangeWire.PieceBytesMax)
            return Unreadable();
        if (bytes > buffer.Length - Done)
            return SentTooMuch();
        if (buffer.TryPlace(Done, new RemotePiece(socket.Memory!, place, bytes, crc)))
        {
            hasPlaced = true;
            Copied += bytes;
            Done += bytes;
            return null;
        }

        if (Copied > 0 && !hasLeft)
        {
            hasLeft = true; // who waited for the first bytes can pass them on, on the thread that a connection needs, while the rest is copied
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        if (!TryCopy(place, bytes, crc))
            return Gone();

        Copied += bytes;
        Took(bytes, crc);
        if (told == 0)
            Tell(); // the first ones early: all others may be at hand, too
        return null;
    }

    // Who waits for the bytes passes them on straight from the peer's memory; then they are copied, and a processor is free for that. False where some were gone.
    private async ValueTask<bool> CopyPlacedAsync(TimeSpan patience)
    {
        Task<int>? copying = hasPlaced ? buffer.CopyPlacedAsync(patience, time) : null;
        hasPlaced = false;
        Tell();
        if (copying == null)
            return true;
        int here = Math.Min(Done, await copying.ConfigureAwait(false));
        if (here == Done)
            return true;
        Copied -= Math.Min(Copied, Done - here);
        Done = here;
        return false;
    }

    private CacheError Gone()
    {
        IsGone = true;
        return new CacheError(CacheErrorCode.Unavailable, $"bytes left the memory of instance '{peer}' before they were copied");
    }

    private bool TryCopy(long place, int bytes, uint crc)
    {
        uint sum = 0;
        for (int got = 0; got < bytes;)
        {
            Span<byte> part = buffer.At(Done + got).Span;
            part = part[..Math.Min(part.Length, bytes - got)];
            if (!socket.Memory!.TryRead(place + got, part))
                return false;
            sum = Crc32C.Append(sum, part);
            got += part.Length;
        }

        return sum == crc;
    }

    /// <summary>Receives so many bytes of a piece into the front of the part.</summary>
    private async ValueTask FillAsync(Memory<byte> part, int wanted, bool isLast, CancellationToken cancellation)
    {
        int had = Math.Min(held, wanted);
        scratch.AsMemory(0, had).CopyTo(part);
        Drop(had);
        if (had == wanted)
            return;
        // What comes behind the piece is the front of the next one's header, in the place of the next one's bytes.
        int ahead = isLast ? Math.Min(part.Length - wanted, RangeWire.PieceHeaderBytes) : 0;
        held = await ReceiveAsync(part[had..(wanted + ahead)], wanted - had, cancellation).ConfigureAwait(false) - (wanted - had);
        part.Slice(wanted, held).CopyTo(scratch);
    }

    /// <summary>Receives until the scratch buffer has so many bytes: no more where what follows belongs into the caller's buffer.</summary>
    private async ValueTask HoldAsync(int bytes, CancellationToken cancellation)
    {
        if (held >= bytes)
            return;
        int end = isLocated ? Math.Max(bytes, RangeWire.FrontBytes) : bytes;
        held += await ReceiveAsync(scratch.AsMemory(held, end - held), bytes - held, cancellation).ConfigureAwait(false);
    }

    private void Drop(int bytes)
    {
        held -= bytes;
        scratch.AsSpan(bytes, held).CopyTo(scratch);
    }

    private ValueTask<int> ReceiveAsync(Memory<byte> space, int least, CancellationToken cancellation)
    {
        ValueTask<int> receiving = socket.ReceiveAsync(space, least, cancellation);
        if (!receiving.IsCompleted)
            Tell();
        return receiving;
    }

    private async ValueTask<CacheError> RefusedAsync(int code, int textBytes, CancellationToken cancellation)
    {
        if (textBytes is < 0 or > RangeWire.ErrorBytesMax)
            return Unreadable();
        await HoldAsync(textBytes, cancellation).ConfigureAwait(false);
        IsWhole = true;
        return new CacheError(RangeWire.CodeOf(code), Encoding.UTF8.GetString(scratch.AsSpan(0, textBytes)));
    }

    // The bytes are here, whatever becomes of the connection.
    private async ValueTask<bool> TrySayTakenAsync(CancellationToken cancellation)
    {
        try
        {
            await socket.SendAsync(RangeWire.Taken, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            return false;
        }
    }

    private CacheError SentTooMuch() => new(CacheErrorCode.Unavailable, $"instance '{peer}' sent more than it was asked for");

    private CacheError Unreadable() => new(CacheErrorCode.Unavailable, $"instance '{peer}' sent an answer that can't be read");

    private void Took(int bytes, uint crc)
    {
        buffer.Checked(Done, bytes, crc);
        Done += bytes;
        if (Done - told >= ToldBytesMax)
            Tell();
    }

    private void Tell()
    {
        if (told != Done)
            filled(told = Done);
    }
}
