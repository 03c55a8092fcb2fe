using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Reclaim;

namespace Hal.Cache.Storage;

/// <summary>Opens stores.</summary>
public static class BlobStores
{
    private const int SegmentsPerDisk = 32;
    private const int SegmentBytesMin = 4 << 20;
    private const int SegmentBytesMax = 256 << 20;
    private const int LogBufferBytesMin = 16 << 20;
    private const int LogBufferBytesMax = 64 << 20;

    /// <summary>
    /// Opens a store on FASTER's log in <see cref="BlobStoreOptions.Directory"/>, or one in memory alone where that is null. Errors:
    /// Invalid, Corrupt and Unavailable, each with one line that names the cause.
    /// </summary>
    public static Result<IBlobStore> Open(BlobStoreOptions options, IEvictionPolicy policy, TimeProvider time)
    {
        if (options.Problem() is { } problem)
            return new CacheError(CacheErrorCode.Invalid, problem);
        if (options.Directory == null)
            return Start(new StoreCore(options, policy, null, 0, time), options, null, time);
        Result<DataDirectory> data = DataDirectory.Open(options.Directory);
        if (!data.IsOk)
            return data.Error;
        var settings = new RecordLogOptions
        {
            Durability = options.Durability switch
            {
                StoreDurability.Commit => LogDurability.Commit,
                StoreDurability.Interval => LogDurability.Interval,
                _ => LogDurability.None,
            },
            SegmentBytes = (int)Math.Clamp(PowerOfTwo(options.DiskBytes / SegmentsPerDisk), SegmentBytesMin, SegmentBytesMax),
            BufferBytes = (int)Math.Clamp(PowerOfTwo(options.MemoryBytes / 8), LogBufferBytesMin, LogBufferBytesMax),
        };
        Result<IRecordLog> log = RecordLog.Open(data.Value, settings, time);
        if (!log.IsOk)
        {
            data.Value.Dispose();
            return log.Error;
        }

        var core = new StoreCore(options, policy, log.Value, settings.BufferBytes, time);
        return Start(core, options, data.Value, time);
    }

    private static Result<IBlobStore> Start(StoreCore core, BlobStoreOptions options, DataDirectory? data, TimeProvider time)
    {
        var spaces = new SpaceLog(core);
        if (core.Log != null)
        {
            new Recovery(core, spaces).Run();
            core.ObjectWriter.Start();
        }

        var saver = new Saver(core, options, time);
        var reclaimer = new Reclaimer(core, spaces, options, time);
        return new BlobStore(core, reclaimer, saver, spaces, data, core.Log != null && options.Durability == StoreDurability.Commit);
    }

    private static long PowerOfTwo(long bytes) => 1L << (int)Math.Log2(Math.Max(1, bytes));
}
