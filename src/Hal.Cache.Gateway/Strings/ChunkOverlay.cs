using Hal.Cache.Contracts;

namespace Hal.Cache.Gateway.Strings;

/// <summary>Writes what a command changes in one chunk, which begins at <paramref name="offset"/> of the value, over the bytes it had.</summary>
internal delegate ValueTask<CacheError?> ChunkOverlay(long offset, Memory<byte> chunk, CancellationToken cancellation);
