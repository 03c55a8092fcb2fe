namespace Hal.Cache.Testing.Origins;

/// <summary>Bytes from <paramref name="Offset"/> on, <paramref name="Length"/> of them.</summary>
public readonly record struct ByteRange(long Offset, long Length)
{
    public long End => Offset + Length;
}
