using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>An immutable list of different keys in one block of bytes: 8 bytes a key beside its own.</summary>
internal sealed class PackedKeys
{
    private readonly byte[] bytes;
    private readonly int[] ends;
    private readonly ushort[]? databases;

    public PackedKeys(IEnumerable<CacheKey> keys)
    {
        // A selection may name a key twice, in a list and by a prefix; the first place counts.
        var unique = keys.Distinct().ToArray();
        ends = new int[unique.Length];
        bytes = new byte[unique.Sum(k => k.Bytes.Length)];
        if (unique.Any(k => k.Database != 0)) databases = new ushort[unique.Length];
        var at = 0;
        for (var i = 0; i < unique.Length; i++)
        {
            unique[i].Span.CopyTo(bytes.AsSpan(at));
            ends[i] = at += unique[i].Bytes.Length;
            if (databases is not null) databases[i] = (ushort)unique[i].Database;
        }
    }

    public int Count => ends.Length;

    public CacheKey this[int index]
    {
        get
        {
            var start = index == 0 ? 0 : ends[index - 1];
            return new CacheKey(bytes.AsMemory(start, ends[index] - start), databases?[index] ?? 0);
        }
    }

    public IEnumerable<CacheKey> All => Enumerable.Range(0, Count).Select(i => this[i]);
}
