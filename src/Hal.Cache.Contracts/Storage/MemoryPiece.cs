namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// Bytes where they lie in a store's <see cref="ISharedMemory"/>, which may be used for others at any time: who copies them checks them afterwards.
/// <see langword="default"/> where there are none.
/// </summary>
/// <param name="Offset">Where the first byte lies.</param>
/// <param name="Bytes">Number of bytes, at most <see cref="IBlobStore.ChunkBytes"/>.</param>
/// <param name="Checksum">Their CRC-32C.</param>
/// <param name="IsFleeting">Whether that will be soon after who told the place is disposed: they are on their way into the store.</param>
public readonly record struct MemoryPiece(long Offset, int Bytes, uint Checksum, bool IsFleeting = false);
