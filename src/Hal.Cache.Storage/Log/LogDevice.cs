using FASTER.core;

namespace Hal.Cache.Storage.Log;

/// <summary>What FASTER takes for its disk: writes go to the log's one writer, which never reports an error back but tries again.</summary>
internal sealed class LogDevice(ISegmentFiles files, Action<WriteRequest> write)
    : StorageDeviceBase("log", ByteSectors, Devices.CAPACITY_UNSPECIFIED)
{
    // Writes go through the page cache, which needs no alignment. With larger sectors FASTER would write again what it has committed,
    // and, after a start in the middle of a sector, write zeros over it.
    private const uint ByteSectors = 1;

    // Called inside FASTER's epoch, on whichever thread leaves it last: it must not block.
    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context) =>
        write(new(sourceAddress, segmentId * segmentSize + (long)destinationAddress, (int)numBytesToWrite, callback, context));

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

    public long End => Address + Length;

    public void Complete() => Callback(0, (uint)Length, Context);
}
