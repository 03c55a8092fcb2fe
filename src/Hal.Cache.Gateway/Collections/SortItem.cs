namespace Hal.Cache.Gateway.Collections;

/// <summary>An element with what it is ordered by.</summary>
internal sealed class SortItem(byte[] element)
{
    public byte[] Element { get; } = element;

    public double Score { get; set; }

    public byte[]? Text { get; set; }
}
