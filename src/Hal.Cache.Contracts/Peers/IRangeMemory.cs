namespace Hal.Cache.Contracts.Peers;

/// <summary>Memory for the bytes of a range, in one part or in many, which one reader fills from front to back.</summary>
public interface IRangeMemory
{
    /// <summary>The part from an offset on, as far as it goes.</summary>
    Memory<byte> At(int offset);

    /// <summary>Notes the CRC-32C of bytes that are there, before anybody is told that they are.</summary>
    void Checked(int offset, int bytes, uint checksum);

    /// <summary>A read begins: what an earlier one has lost comes again.</summary>
    void Begin();

    /// <summary>Notes where bytes lie that follow, which whoever wants them may copy from now on; false where they are to be copied at once.</summary>
    bool TryPlace(int offset, in RemotePiece piece);

    /// <summary>
    /// Has all of those copied that nobody has copied yet, once who wants them has passed them on, and after this time in any case; completes with the offset of the
    /// first that was gone, <see cref="int.MaxValue"/> where none was.
    /// </summary>
    /// <remarks>Called once at most in each read, when all have been noted.</remarks>
    Task<int> CopyPlacedAsync(TimeSpan patience, TimeProvider time);

    /// <summary>Forgets those places whose bytes nobody has copied yet: the read was given up.</summary>
    void DropPlaced();
}
