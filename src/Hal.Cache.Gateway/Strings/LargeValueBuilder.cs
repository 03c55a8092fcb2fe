using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Strings;

/// <summary>Builds large values chunk by chunk, with one chunk's memory.</summary>
internal static class LargeValueBuilder
{
    /// <summary>
    /// A value of another length made of a string and what is written over it; chunks that <paramref name="first"/> and
    /// <paramref name="last"/> (bytes, inclusive) don't reach are shared, and bytes past the string's end are zeros. The caller puts or
    /// releases it.
    /// </summary>
    public static ValueTask<(ILargeValue? Value, CacheError? Error)> ChangeAsync(
        IBlobStore store, ValueSnapshot source, long length, long first, long last, ChunkOverlay overlay, CancellationToken cancellation) =>
        ChangeAsync(store, source, length, chunk => chunk >= ChunkOf(first) && chunk <= ChunkOf(last), overlay, cancellation);

    /// <summary>The same, for the chunks that <paramref name="touches"/> tells.</summary>
    public static async ValueTask<(ILargeValue? Value, CacheError? Error)> ChangeAsync(
        IBlobStore store, ValueSnapshot source, long length, Func<int, bool> touches, ChunkOverlay overlay, CancellationToken cancellation)
    {
        bool Shares(int chunk) => !touches(chunk) && BytesOf(chunk, source.Length) == BytesOf(chunk, length);

        ILargeValue built = source.Large is { } large ? large.Derive(length, Shares) : store.Stage(length);
        built.Origin = null;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
        CacheError? error = null;
        for (int chunk = 0; chunk < built.ChunkCount && error is null; chunk++)
        {
            if (built.HasChunk(chunk)) continue;
            long offset = (long)chunk * IBlobStore.ChunkBytes;
            Memory<byte> bytes = buffer.AsMemory(0, BytesOf(chunk, length));
            error = await source.ReadAsync(offset, bytes, cancellation);
            if (error is null && touches(chunk)) error = await overlay(offset, bytes, cancellation);
            error ??= await built.WriteChunkAsync(chunk, bytes, cancellation);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        if (error is null) return (built, null);
        built.Release();
        return (null, error);
    }

    public static int ChunkOf(long offset) => (int)(offset / IBlobStore.ChunkBytes);

    private static int BytesOf(int chunk, long length) =>
        (int)Math.Clamp(length - ((long)chunk * IBlobStore.ChunkBytes), 0, IBlobStore.ChunkBytes);
}
