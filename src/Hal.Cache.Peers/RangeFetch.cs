using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers;

/// <summary>
/// One request for a range on one connection: each piece's checksum is checked when it has come, or when it was copied from where the peer says that it
/// lies.
/// </summary>
internal sealed class RangeFetch(string peer, PeerSocket socket, PeerOptions options, TimeProvider time)
{
    /// <summary>Bytes after which they are told of, though more are here.</summary>
    private const int ToldBytesMax = 256 << 10;

    private int done;
    private int told;
    private int held; // bytes that came and were not looked at, from the front of the scratch buffer
    private bool isLocated;
    private bool isAwaited;
    private bool hasLeft;

    /// <summary>True when the answer was taken to its end, so that the connection may be used again.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>True when bytes had left the peer's memory before they were copied: the rest is to be asked for without that.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Bytes from the front of the buffer that are good.</summary>
    public int Done => done;

    /// <summary>Bytes of them that were copied from the peer's memory.</summary>
    public int Copied { get; private set; }

    /// <summary>Fills the buffer; <paramref name="filled"/> hears how many bytes are good whenever more would have to be waited for.</summary>
    /// <param name="locates">Whether the peer may say where bytes lie, where its memory can be read.</param>
    public async ValueTask<CacheError?> RunAsync(RangeRequest request, bool locates, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation)
    {
        using var stall = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellation);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(RangeWire.RequestBytes + BlobKey.BytesMax + TraceFrame.Bytes);
        isLocated = locates && socket.Memory != null;
        try
        {
            int length = RangeWire.Write(request, scratch, socket.Trace(), isLocated);
            await socket.SendAsync(scratch.AsMemory(0, length), either.Token).ConfigureAwait(false);
            while (done < buffer.Length)
            {
                if (await ReceivePieceAsync(buffer, scratch, stall, filled, either.Token).ConfigureAwait(false) is { } error)
                    return error;
            }

            Tell(filled);
            if (isAwaited)
                await socket.SendAsync(RangeWire.Taken, either.Token).ConfigureAwait(false);
            IsWhole = true;
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
            Tell(filled);
        }
    }

    // Pieces that are here already are told of together: who passes them on wakes its client once.
    private async ValueTask<CacheError?> ReceivePieceAsync(
        RangeBuffer buffer, byte[] scratch, CancellationTokenSource stall, Action<int> filled, CancellationToken cancellation)
    {
        await HoldAsync(RangeWire.PieceHeaderBytes, scratch, filled, cancellation).ConfigureAwait(false);
        stall.CancelAfter(options.StallTimeout);
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(scratch);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(scratch.AsSpan(sizeof(int)));
        if (bytes > 0 && (bytes & RangeWire.LocatedPiece) != 0 && isLocated)
        {
            isAwaited |= (bytes & RangeWire.FleetingPiece) != 0;
            return await CopyAsync(bytes & ~(RangeWire.LocatedPiece | RangeWire.FleetingPiece), crc, buffer, scratch, filled, cancellation).ConfigureAwait(false);
        }

        Drop(RangeWire.PieceHeaderBytes, scratch);
        if (bytes == 0)
            return null;
        if (bytes < 0)
            return await RefusedAsync(bytes, (int)crc, scratch, filled, cancellation).ConfigureAwait(false);
        int left = buffer.Length - done;
        if (bytes > left)
            return SentTooMuch();
        uint sum = 0;
        for (int got = 0; got < bytes;)
        {
            Memory<byte> part = buffer.At(done + got);
            int wanted = Math.Min(part.Length, bytes - got);
            await FillAsync(part, wanted, isLast: got + wanted == bytes, scratch, filled, cancellation).ConfigureAwait(false);
            sum = Crc32C.Append(sum, part.Span[..wanted]);
            got += wanted;
        }

        if (sum != crc)
            return new CacheError(CacheErrorCode.Corrupt, $"bytes from instance '{peer}' fail their checksum");
        buffer.Checked(done, bytes, crc);
        Took(bytes, filled);
        return null;
    }

    private async ValueTask<CacheError?> CopyAsync(
        int bytes, uint crc, RangeBuffer buffer, byte[] scratch, Action<int> filled, CancellationToken cancellation)
    {
        await HoldAsync(RangeWire.LocatedHeaderBytes, scratch, filled, cancellation).ConfigureAwait(false);
        var address = (nint)BinaryPrimitives.ReadInt64LittleEndian(scratch.AsSpan(RangeWire.PieceHeaderBytes));
        Drop(RangeWire.LocatedHeaderBytes, scratch);
        if (bytes > buffer.Length - done)
            return SentTooMuch();
        if (Copied > 0 && !hasLeft)
        {
            hasLeft = true; // who waited for the first bytes can pass them on, on the thread that a connection needs, while the rest is copied
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        if (!TryCopy(address, bytes, crc, buffer))
        {
            IsGone = true;
            return new CacheError(CacheErrorCode.Unavailable, $"bytes left the memory of instance '{peer}' before they were copied");
        }

        buffer.Checked(done, bytes, crc);
        Copied += bytes;
        Took(bytes, filled);
        if (told == 0)
            Tell(filled); // the first ones early: all others may be at hand, too
        return null;
    }

    private bool TryCopy(nint address, int bytes, uint crc, RangeBuffer buffer)
    {
        uint sum = 0;
        for (int got = 0; got < bytes;)
        {
            Span<byte> part = buffer.At(done + got).Span;
            part = part[..Math.Min(part.Length, bytes - got)];
            if (!socket.Memory!.TryRead(address + got, part))
                return false;
            sum = Crc32C.Append(sum, part);
            got += part.Length;
        }

        return sum == crc;
    }

    /// <summary>Receives so many bytes of a piece into the front of the part.</summary>
    private async ValueTask FillAsync(Memory<byte> part, int wanted, bool isLast, byte[] scratch, Action<int> filled, CancellationToken cancellation)
    {
        int had = Math.Min(held, wanted);
        scratch.AsMemory(0, had).CopyTo(part);
        Drop(had, scratch);
        if (had == wanted)
            return;
        // What comes behind the piece is the front of the next one's header, in the place of the next one's bytes.
        int ahead = isLast ? Math.Min(part.Length - wanted, RangeWire.PieceHeaderBytes) : 0;
        held = await ReceiveAsync(part[had..(wanted + ahead)], wanted - had, filled, cancellation).ConfigureAwait(false) - (wanted - had);
        part.Slice(wanted, held).CopyTo(scratch);
    }

    /// <summary>Receives until the scratch buffer has so many bytes: no more where what follows belongs into the caller's buffer.</summary>
    private async ValueTask HoldAsync(int bytes, byte[] scratch, Action<int> filled, CancellationToken cancellation)
    {
        if (held >= bytes)
            return;
        int end = isLocated ? RangeWire.FrontBytes : bytes;
        held += await ReceiveAsync(scratch.AsMemory(held, end - held), bytes - held, filled, cancellation).ConfigureAwait(false);
    }

    private void Drop(int bytes, byte[] scratch)
    {
        held -= bytes;
        scratch.AsSpan(bytes, held).CopyTo(scratch);
    }

    private ValueTask<int> ReceiveAsync(Memory<byte> space, int least, Action<int> filled, CancellationToken cancellation)
    {
        ValueTask<int> receiving = socket.ReceiveAsync(space, least, cancellation);
        if (!receiving.IsCompleted)
            Tell(filled);
        return receiving;
    }

    private async ValueTask<CacheError> RefusedAsync(int code, int textBytes, byte[] scratch, Action<int> filled, CancellationToken cancellation)
    {
        if (textBytes is < 0 or > RangeWire.ErrorBytesMax)
            return new CacheError(CacheErrorCode.Unavailable, $"instance '{peer}' sent an answer that can't be read");
        await HoldAsync(textBytes, scratch, filled, cancellation).ConfigureAwait(false);
        IsWhole = true;
        return new CacheError(RangeWire.CodeOf(code), Encoding.UTF8.GetString(scratch.AsSpan(0, textBytes)));
    }

    private CacheError SentTooMuch() => new(CacheErrorCode.Unavailable, $"instance '{peer}' sent more than it was asked for");

    private void Took(int bytes, Action<int> filled)
    {
        done += bytes;
        if (done - told >= ToldBytesMax)
            Tell(filled);
    }

    private void Tell(Action<int> filled)
    {
        if (told < done)
            filled(told = done);
    }
}
