using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>
/// A request's body up to a limit; what goes beyond is a <see cref="BadHttpRequestException"/> with status 413. The server's own limit
/// would close the connection at once, and a client that is still sending would see a broken pipe instead of the reason.
/// </summary>
internal sealed class BoundedBody(Stream body, long bytesMax) : Stream
{
    private long taken;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => taken;
        set => throw new NotSupportedException();
    }

    public static BadHttpRequestException TooLarge(long bytesMax) =>
        new($"the body has more than {bytesMax} bytes, which is what this resource takes", StatusCodes.Status413PayloadTooLarge);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        taken += read;
        return taken <= bytesMax ? read : throw TooLarge(bytesMax);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("a body is read asynchronously");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Nothing is written.
    }
}
