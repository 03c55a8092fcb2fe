namespace Hal.Cache.Contracts.Peers;

/// <summary>Memory for the bytes of a range, in one part or in many, which one reader fills from front to back.</summary>
public interface IRangeMemory
{
    /// <summary>The part from an offset on, as far as it goes.</summary>
    Memory<byte> At(int offset);

    /// <summary>Notes the CRC-32C of bytes that are there, before anybody is told that they are.</summary>
    void Checked(int offset, int bytes, uint checksum);
}
