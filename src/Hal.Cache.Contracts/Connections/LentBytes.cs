namespace Hal.Cache.Contracts.Connections;

/// <summary>Bytes outside the collector's memory that stay where and as they are until their lender has them back; of no count where there are none.</summary>
/// <param name="Lender">Who has them back, once.</param>
/// <param name="Tag">The lender's own mark on them.</param>
public readonly record struct LentBytes(nint Address, int Count, ILender? Lender, int Tag)
{
    /// <summary>Fewer are better copied: they leave together with what is around them.</summary>
    public const int WorthwhileMin = 16 << 10;

    /// <summary>The bytes, until they are returned.</summary>
    public unsafe ReadOnlySpan<byte> Span => new((void*)Address, Count);

    /// <summary>Gives them back, once.</summary>
    public void Return() => Lender!.Returned(Tag);
}
