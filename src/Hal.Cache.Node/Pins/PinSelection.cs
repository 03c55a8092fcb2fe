using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Pins;

/// <summary>
/// Keys to be kept, named one by one or by prefixes. Of a key only its hash is held: 64 keyed bits, so that a key is taken for another one
/// so seldom that it is of no consequence.
/// </summary>
public sealed class PinSelection
{
    public static readonly PinSelection Empty = new([], []);

    private readonly HashSet<ulong> keys;
    private readonly (int Database, byte[] Start)[] prefixes;

    private PinSelection(HashSet<ulong> keys, (int Database, byte[] Start)[] prefixes) => (this.keys, this.prefixes) = (keys, prefixes);

    public bool IsEmpty => keys.Count == 0 && prefixes.Length == 0;

    /// <summary>Keys and prefixes with their databases; the store's hash is what its keys are found by.</summary>
    public static PinSelection Of(
        IEnumerable<(int Database, ReadOnlyMemory<byte> Key)> keys, IEnumerable<(int Database, ReadOnlyMemory<byte> Start)> prefixes, IBlobStore store) => new(
            [.. keys.Select(k => Id(new BlobKey(k.Database, k.Key.Span, store.Hash(k.Key.Span))))],
            [.. prefixes.Select(p => (p.Database, p.Start.ToArray()))]);

    public bool Has(in BlobKey key)
    {
        if (keys.Contains(Id(key)))
            return true;
        foreach (var (database, start) in prefixes)
        {
            if (database == key.Database && key.Bytes.StartsWith(start))
                return true;
        }

        return false;
    }

    /// <summary>What stands for a key of a database.</summary>
    internal static ulong Id(in BlobKey key) => key.Hash ^ ((ulong)key.Database * 0x9E37_79B9_7F4A_7C15);
}
