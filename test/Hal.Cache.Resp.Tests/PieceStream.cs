namespace Hal.Cache.Resp.Tests;

/// <summary>A stream that gives at most so many bytes a read, as a network may.</summary>
internal sealed class PieceStream(byte[] bytes, int pieceBytes) : MemoryStream(bytes, writable: false)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceBytes)], cancellationToken);
}
