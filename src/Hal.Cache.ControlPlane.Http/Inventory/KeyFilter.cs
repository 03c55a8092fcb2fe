namespace Hal.Cache.ControlPlane.Http.Inventory;

/// <summary>A pattern and how it is matched.</summary>
internal sealed class KeyFilter(KeyMatch match, byte[] pattern)
{
    public bool Takes(ReadOnlySpan<byte> key) => match(pattern, key);
}
