namespace Hal.Cache.Benchmarks.Load;

/// <summary>Values that do not compress, so that a snapshot which compresses gains nothing; a key's value is a window that its number picks.</summary>
internal sealed class ValueBytes
{
    private const int Windows = 4096;
    private const int Seed = 20240607;

    private readonly byte[] source;
    private readonly int length;

    public ValueBytes(int length)
    {
        this.length = length;
        source = new byte[length + Windows];
        new Random(Seed).NextBytes(source);
    }

    public ArraySegment<byte> For(int key) => new(source, (int)(key * 31L % Windows), length);
}
