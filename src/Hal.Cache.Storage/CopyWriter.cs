using Hal.Cache.Contracts;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage;

/// <summary>
/// Writes chunks of copies to the log behind their coming: a little at a time while no more come, all at a save, and what fits into
/// <see cref="StopTimeMax"/> at the end. Where memory is short, reclaiming writes them before.
/// </summary>
internal sealed class CopyWriter : IAsyncDisposable
{
    /// <summary>Longest time that a clean end spends on copies, which can be brought again.</summary>
    public static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(2);

    /// <summary>Time between two looks; copies that came since the last one are left alone.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>Bytes that are written at one look at most, so that what clients write finds the disk free.</summary>
    private const long BytesPerLook = 16 << 20;

    private readonly ChunkStore chunks;
    private readonly RoomGate room;
    private readonly IRecordLog log;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private long addedAtLook;
    private int isLooking;

    public CopyWriter(ChunkStore chunks, RoomGate room, IRecordLog log, TimeProvider time)
    {
        (this.chunks, this.room, this.log, this.time) = (chunks, room, log, time);
        timer = time.CreateTimer(_ => Look(), null, LookInterval, LookInterval);
    }

    private UnwrittenCopies Unwritten => chunks.Unwritten;

    /// <summary>Writes all that waits now, or until the time is up.</summary>
    public async ValueTask<CacheError?> WriteAsync(TimeSpan timeMax, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        while (Unwritten.Oldest is { } chunk && time.GetElapsedTime(began) < timeMax)
        {
            if (chunks.TryAppendDirty(chunk))
                continue;
            if (await log.WaitForRoomAsync(cancellation).ConfigureAwait(false) is { } error)
                return error;
        }

        return null;
    }

    /// <summary>Ends the looks, and waits for one that is under way.</summary>
    public ValueTask DisposeAsync() => timer.DisposeAsync();

    private void Look()
    {
        if (Interlocked.Exchange(ref isLooking, 1) != 0)
            return;
        try
        {
            long added = Unwritten.Added;
            if (added == addedAtLook)
                WriteSome();
            addedAtLook = added;
        }
#pragma warning disable CA1031 // an exception that leaves a timer's thread would end the process, for copies that can be brought again
        catch (Exception)
#pragma warning restore CA1031
        {
            // The next look tries again; a save and the clean end, which write them too, tell whoever asked for it.
        }
        finally
        {
            Volatile.Write(ref isLooking, 0);
        }
    }

    private void WriteSome()
    {
        long written = 0;
        while (written < BytesPerLook && Unwritten.Oldest is { } chunk && room.LogHas(chunk.Bytes) && chunks.TryAppendDirty(chunk))
            written += chunk.Bytes;
    }
}
