using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>A log whose appends throw while it is told to, as a bug would.</summary>
internal sealed class ThrowingLog(IRecordLog log) : IRecordLog
{
    public bool Throws { get; set; }

    public int Thrown { get; private set; }

    public long BeginAddress => log.BeginAddress;

    public long TailAddress => log.TailAddress;

    public long CommittedUntil => log.CommittedUntil;

    public int SegmentBytes => log.SegmentBytes;

    public int RecordBytesMax => log.RecordBytesMax;

    public long DiskBytes => log.DiskBytes;

    public bool HasRoom => log.HasRoom;

    public LogHealth Health => log.Health;

    public LogRecovery Recovery => log.Recovery;

    public event Action<LogHealth>? HealthChanged
    {
        add => log.HealthChanged += value;
        remove => log.HealthChanged -= value;
    }

    public int RecordBytes(int keyLength, int valueLength) => log.RecordBytes(keyLength, valueLength);

    public bool TryAppend(ref RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, out long address, uint? valueChecksum = null)
    {
        Check();
        return log.TryAppend(ref header, key, value, out address, valueChecksum);
    }

    public bool TryAppend(ref RecordHeader header, ReadOnlySpan<byte> key, in ReadOnlySequence<byte> value, out long address)
    {
        Check();
        return log.TryAppend(ref header, key, value, out address);
    }

    public ValueTask<CacheError?> WaitForRoomAsync(CancellationToken cancellation) => log.WaitForRoomAsync(cancellation);

    public ValueTask<CacheError?> WaitForCommitAsync(long address, CancellationToken cancellation) => log.WaitForCommitAsync(address, cancellation);

    public void TellCommitted(long address, ICommitWaiter waiter) => log.TellCommitted(address, waiter);

    public ValueTask<CacheError?> CommitAsync(CancellationToken cancellation) => log.CommitAsync(cancellation);

    public ValueTask<Result<RecordLease>> ReadAsync(long address, int recordBytes, CancellationToken cancellation) => log.ReadAsync(address, recordBytes, cancellation);

    public long Scan(long from, long to, IRecordVisitor visitor, bool isRecord = false) => log.Scan(from, to, visitor, isRecord);

    public Task<CacheError?> TruncateAsync(long address) => log.TruncateAsync(address);

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private void Check()
    {
        if (!Throws)
            return;
        Thrown++;
        throw new InvalidOperationException("as a bug would");
    }
}
