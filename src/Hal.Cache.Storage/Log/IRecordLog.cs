using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Log;

/// <summary>
/// The store's only durable structure: records appended at the tail, read by address, reclaimed from the front in whole segments.
/// All members are safe to call from any thread.
/// </summary>
internal interface IRecordLog : IAsyncDisposable
{
    /// <summary>Address of the oldest byte that may be read.</summary>
    long BeginAddress { get; }

    /// <summary>Address that the next record gets, or a little before it.</summary>
    long TailAddress { get; }

    /// <summary>Every record that begins before this address survives a crash.</summary>
    long CommittedUntil { get; }

    /// <summary>Unit of truncation, and size of one file; addresses of segments are multiples of it.</summary>
    int SegmentBytes { get; }

    /// <summary>Longest record that can be appended, as counted by <see cref="RecordBytes"/>.</summary>
    int RecordBytesMax { get; }

    /// <summary>Size of the log's files now, in bytes.</summary>
    long DiskBytes { get; }

    /// <summary>False when the buffer is nearly full, the disk is, or the device fails: a writer waits before it starts.</summary>
    bool HasRoom { get; }

    LogHealth Health { get; }

    /// <summary>Raised when <see cref="Health"/> has changed, on a pool thread.</summary>
    event Action<LogHealth>? HealthChanged;

    /// <summary>What opening the log found.</summary>
    LogRecovery Recovery { get; }

    /// <summary>What a record takes in the address space: header, framing and alignment included.</summary>
    int RecordBytes(int keyLength, int valueLength);

    /// <summary>
    /// Appends in memory, without I/O; false when the buffer is full now or the log refuses appends. Fills lengths and checksum, for which that of the value
    /// need not be found again where it is known.
    /// </summary>
    bool TryAppend(ref RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, out long address, uint? valueChecksum = null);

    /// <summary>The same with the value in several pieces.</summary>
    bool TryAppend(ref RecordHeader header, ReadOnlySpan<byte> key, in ReadOnlySequence<byte> value, out long address);

    /// <summary>Completes with null when there is room, or with the error when the log refuses appends.</summary>
    ValueTask<CacheError?> WaitForRoomAsync(CancellationToken cancellation);

    /// <summary>
    /// Completes with null when the record at <paramref name="address"/> survives a crash, synchronously when it does already; with the
    /// error when a commit fails, after which the record stays appended and a later commit may still make it durable.
    /// </summary>
    ValueTask<CacheError?> WaitForCommitAsync(long address, CancellationToken cancellation);

    /// <summary>Tells the waiter what <see cref="WaitForCommitAsync"/> would complete with, on the thread that commits, or at once.</summary>
    void TellCommitted(long address, ICommitWaiter waiter);

    /// <summary>The same for everything appended so far.</summary>
    ValueTask<CacheError?> CommitAsync(CancellationToken cancellation);

    /// <summary>
    /// Reads one record, its checksum verified; <paramref name="recordBytes"/> as by <see cref="RecordBytes"/>. Errors: NotFound when
    /// the address is before <see cref="BeginAddress"/>, Corrupt, Unavailable when the device fails.
    /// </summary>
    ValueTask<Result<RecordLease>> ReadAsync(long address, int recordBytes, CancellationToken cancellation);

    /// <summary>
    /// Visits the records that begin in [from, to), as far as they are committed, and returns where to go on: the address after the last
    /// record taken. Damage is told to the visitor and skipped. Does blocking I/O; throws <see cref="IOException"/> when the device fails.
    /// </summary>
    /// <param name="isRecord">Whether a record, or a page, begins at <paramref name="to"/>: nothing from there on is read then.</param>
    long Scan(long from, long to, IRecordVisitor visitor, bool isRecord = false);

    /// <summary>
    /// Gives up what lies before <paramref name="address"/>, rounded down to a segment; files go after the next commit, never before
    /// everything appended until now is durable. Completes with null when they are gone, or with the error of a log that fails, which gives
    /// them up once it is well.
    /// </summary>
    Task<CacheError?> TruncateAsync(long address);
}
