using FASTER.core;

namespace Hal.Cache.Storage.Log;

/// <summary>What FASTER takes for its disk: writes go to the log's one writer, which never reports an error back but tries again.</summary>
/// <param name="start">Where the log goes on after what it has recovered, which FASTER does not have in memory.</param>
internal sealed class LogDevice(ISegmentFiles files, long start, Action<WriteRequest> write)
    : StorageDeviceBase("log", SectorBytes, Devices.CAPACITY_UNSPECIFIED)
{
    /// <summary>
    /// What FASTER's pages and writes are aligned to, in bytes, so that a page can go past the page cache from where it lies. A commit in the
    /// middle of a sector writes again, unchanged, what lies before it there, as the page cache would.
    /// </summary>
    public const int SectorBytes = 4096;

    // Called inside FASTER's epoch, on whichever thread leaves it last: it must not block.
    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context)
    {
        var address = (segmentId * segmentSize) + (long)destinationAddress;
        var recovered = (int)Math.Max(0, start - address); // zeros in FASTER's page: the first sector begins before the start
        write(new(sourceAddress + recovered, address + recovered, (int)numBytesToWrite - recovered, callback, context));
    }

    // The log reads its files itself (pooled buffers, no wait for cached pages), and FASTER reads only to recover, which it never does here.
    public override void ReadAsync(
        int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context) =>
        throw new NotSupportedException("The log does not read through FASTER.");

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) =>
        throw new NotSupportedException("The log does not truncate through FASTER.");

    public override long GetFileSize(int segment) => files.SegmentBytes;

    public override void Dispose()
    {
    }
}

/// <summary>Bytes of a page of FASTER's, pinned until the callback, and the log address where they belong.</summary>
internal readonly record struct WriteRequest(IntPtr Source, long Address, int Length, DeviceIOCompletionCallback Callback, object Context)
{
    public unsafe ReadOnlySpan<byte> Bytes => new((void*)Source, Length);

    public void Complete() => Callback(0, (uint)Length, Context);
}
