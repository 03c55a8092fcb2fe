namespace Hal.Cache.Node.Values;

/// <summary>Walks over the pairs; the hash must not change meanwhile.</summary>
public ref struct HashPairCursor
{
    private readonly HashValue hash;
    private readonly Span<byte> scratch;
    private ByteTable.Enumerator items;
    private int at;

    internal HashPairCursor(HashValue hash, Span<byte> scratch)
    {
        (this.hash, at) = (hash, -1);
        this.scratch = scratch;
        if (hash.Table is not null) items = hash.Table.GetEnumerator();
    }

    public ReadOnlySpan<byte> Field { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool MoveNext()
    {
        while (Next())
        {
            if (!hash.IsGone(Field)) return true;
        }

        return false;
    }

    private bool Next()
    {
        if (hash.Table is not null)
        {
            if (!items.MoveNext()) return false;
            Field = HashValue.FieldOf(items.Current);
            Value = HashValue.ValueOf(items.Current);
            return true;
        }

        at = at < 0 ? hash.Compact.First : hash.Compact.Next(at);
        if (at < 0) return false;
        Field = hash.Compact.Get(at, scratch);
        at = hash.Compact.Next(at);
        Value = hash.Compact.Get(at, scratch[Listpack.ScratchBytes..]);
        return true;
    }
}
