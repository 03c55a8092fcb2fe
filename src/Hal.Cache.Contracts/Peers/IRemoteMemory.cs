namespace Hal.Cache.Contracts.Peers;

/// <summary>Memory of a peer on this machine.</summary>
public interface IRemoteMemory
{
    /// <summary>Fills the space with what lies there; false where that is not to be had.</summary>
    bool TryRead(long offset, Span<byte> space);
}
