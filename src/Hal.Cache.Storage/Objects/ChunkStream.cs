using System.Buffers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;

namespace Hal.Cache.Storage.Objects;

/// <summary>
/// Takes a big structure's blob and appends it to the log in chunks as it comes, waiting for room; the chunks take no memory. Used
/// without locks, on threads that may wait. Where the log refuses, the rest is taken and thrown away.
/// </summary>
internal sealed class ChunkStream(StoreCore core, bool isReclaiming) : IBufferWriter<byte>, IDisposable
{
    private const int ChunksPerWait = 16;

    private readonly List<Chunk> chunks = [];
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * IBlobStore.ChunkBytes);
    private int filled;
    private long length;
    private bool refused;

    public void Advance(int count)
    {
        filled += count;
        if (filled >= IBlobStore.ChunkBytes)
            Append(whole: true);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return buffer.AsMemory(filled);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return buffer.AsSpan(filled);
    }

    /// <summary>All that was written, as a value that the caller releases; null where the log has refused some of it.</summary>
    public LargeValue? Complete()
    {
        Append(whole: false);
        if (refused)
            return null;
        var ids = new long[Math.Max(chunks.Count, 2)]; // never one alone: that would say that the others follow it
        for (int index = 0; index < chunks.Count; index++)
            ids[index] = chunks[index].Id;
        var value = new LargeValue(core.Chunks, core.Room, length, ids);
        for (int index = 0; index < chunks.Count; index++)
            value.TryAttach(index, chunks[index]);
        chunks.Clear();
        return value;
    }

    /// <summary>Gives up the chunks that no value has.</summary>
    public void Dispose()
    {
        foreach (Chunk chunk in chunks)
            core.Chunks.Drop(chunk);
        chunks.Clear();
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private void Append(bool whole)
    {
        int at = 0;
        while (filled - at >= (whole ? IBlobStore.ChunkBytes : 1))
        {
            int bytes = Math.Min(IBlobStore.ChunkBytes, filled - at);
            if (!refused)
                AppendChunk(buffer.AsSpan(at, bytes));
            at += bytes;
            length += bytes;
        }

        buffer.AsSpan(at, filled - at).CopyTo(buffer);
        filled -= at;
    }

    private void AppendChunk(ReadOnlySpan<byte> bytes)
    {
        if (!isReclaiming && chunks.Count % ChunksPerWait == 0)
            core.Room.WaitForLog(ChunksPerWait * IBlobStore.ChunkBytes);
        long id = core.Chunks.TakeIds(1);
        while (true)
        {
            if (core.Chunks.TryAddLogged(id, bytes) is { } chunk)
            {
                chunks.Add(chunk);
                return;
            }

            if (core.Log!.WaitForRoomAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult() == null)
                continue;
            refused = true;
            return;
        }
    }

    private void Ensure(int sizeHint)
    {
        int needed = filled + Math.Max(1, sizeHint);
        if (needed <= buffer.Length)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(needed);
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
