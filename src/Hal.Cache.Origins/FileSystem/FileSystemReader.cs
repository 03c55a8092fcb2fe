using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.FileSystem.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>One open file, checked after every read to be still the version that was opened.</summary>
internal sealed class FileSystemReader(
    SafeFileHandle file, OriginObject opened, FileVersion versions, ReadOnlyMemory<byte> path, SemaphoreSlim openFiles, bool triesCached) : IOriginReader
{
    /// <summary>
    /// Reads up to this size, in bytes, are made on the caller's thread if that is a pool thread, or where the page cache has them; larger ones overlap.
    /// </summary>
    private const int InlineBytesMax = 64 << 10;

    private readonly byte[] path = path.ToArray(); // the caller's memory ends with the open
    private int closed;

    public OriginObject Opened { get; } = opened;

    public bool IsLocal => true;

    public ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellation.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(file.IsClosed, this);
        if (buffer.Length > InlineBytesMax)
        {
            return ReadOnPoolAsync(offset, buffer);
        }

        return BlockingCalls.Allowed ? new(Read(offset, buffer.Span))
            : triesCached && TryReadCached(offset, buffer.Span) is { } read ? new(read)
            : ReadOnPoolAsync(offset, buffer);
    }

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref closed, 1) == 0)
        {
            file.Dispose();
            openFiles.Release();
        }

        return ValueTask.CompletedTask;
    }

    private async ValueTask<Result<int>> ReadOnPoolAsync(long offset, Memory<byte> buffer)
    {
        await BlockingCalls.HopAsync();
        return Read(offset, buffer.Span);
    }

    private Result<int> Read(long offset, Span<byte> buffer)
    {
        using var call = BlockingCalls.Enter();
        var wanted = WantedOf(offset, buffer);
        var filled = 0;
        while (filled < wanted)
        {
            var count = Kernel.Read(file, buffer[filled..wanted], offset + filled, out var errno);
            if (count < 0)
            {
                return FileErrors.Of(errno, path);
            }

            if (count == 0)
            {
                break;
            }

            filled += count;
        }

        return Checked(filled, wanted);
    }

    /// <summary>The same without waiting for the disk; null where not all of it is in memory.</summary>
    private Result<int>? TryReadCached(long offset, Span<byte> buffer)
    {
        var wanted = WantedOf(offset, buffer);
        for (var filled = 0; filled < wanted;)
        {
            var count = Kernel.ReadCached(file, buffer[filled..wanted], offset + filled);
            if (count <= 0)
            {
                return null;
            }

            filled += count;
        }

        return Checked(wanted, wanted);
    }

    private int WantedOf(long offset, Span<byte> buffer) => (int)Math.Min(buffer.Length, Math.Max(0, Opened.Length - offset));

    private Result<int> Checked(int filled, int wanted)
    {
        // After the read: what was read before a change is of the opened version, what was read after it is found out here.
        if (Kernel.Stat(file, out var facts) is var failed and not 0)
        {
            return FileErrors.Of(failed, path);
        }

        if (versions.Of(facts) != Opened)
        {
            return FileErrors.Changed(path);
        }

        return filled == wanted ? filled : FileErrors.Short(path);
    }
}
