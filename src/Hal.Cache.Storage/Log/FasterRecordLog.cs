using System.Buffers;
using System.Runtime.CompilerServices;
using FASTER.core;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Log;

/// <summary>
/// The record log on FasterLog, which gives the concurrent tail, the page buffers and their flushing; files, commits, reads and recovery
/// are ours.
/// </summary>
internal sealed class FasterRecordLog : IRecordLog
{
    /// <summary>
    /// Values from this length on, in bytes, are appended one at a time: while one thread turns the page FasterLog has all others spin, and it may be
    /// one of those that they keep from running.
    /// </summary>
    private const int LongValueBytes = 16 << 10;

    private readonly ISegmentFiles files;
    private readonly LogWriter writer;
    private readonly FasterLog log;
    private readonly LogScanner scanner;
    private readonly uint seed;
    private readonly bool isInterval;
    private readonly Lock oneLong = new();
    private bool disposed;

    internal FasterRecordLog(
        ISegmentFiles files, RecordLogOptions options, LogMark mark, LogRecovery recovery, uint seed, LogScanner scanner, TimeProvider time)
    {
        (this.files, this.seed, this.scanner, Recovery) = (files, seed, scanner, recovery);
        RecordBytesMax = mark.PageBytes;
        isInterval = options.Durability == LogDurability.Interval;
        writer = new LogWriter(files, options, mark, seed, time);
        log = new FasterLog(new FasterLogSettings
        {
            LogDevice = new LogDevice(files, mark.Committed, writer.Enqueue),
            LogCommitManager = new NoCommitFiles(),
            PageSize = mark.PageBytes,
            MemorySize = LogWriter.BufferBytes(options.BufferBytes, mark.PageBytes),
            SegmentSize = mark.SegmentBytes,
            TryRecoverLatest = false,
        });
        if (mark.Committed > RecordFormat.FirstAddress)
            log.Initialize(mark.Begin, mark.Committed, lastCommitNum: 1);
        writer.Start(log);
    }

    public event Action<LogHealth>? HealthChanged
    {
        add => writer.HealthChanged += value;
        remove => writer.HealthChanged -= value;
    }

    public long BeginAddress => writer.BeginAddress;

    public long TailAddress => log.TailAddress;

    public long CommittedUntil => writer.CommittedUntil;

    public int SegmentBytes => files.SegmentBytes;

    public int RecordBytesMax { get; }

    public long DiskBytes => files.Bytes;

    public bool HasRoom => writer.HasRoom;

    public LogHealth Health => writer.Health;

    public LogRecovery Recovery { get; }

    public int RecordBytes(int keyLength, int valueLength) => (int)RecordFormat.Bytes(keyLength, valueLength);

    public unsafe bool TryAppend(ref RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, out long address, uint? valueChecksum = null)
    {
        address = 0;
        Prepare(ref header, key.Length, value.Length);
        if (writer.Refuses)
            return false;
        uint front = Crc32C.Append(RecordFormat.Checksum(seed, in header), key);
        header.Checksum = valueChecksum is { } known ? Crc32C.Join(front, known, value.Length) : Crc32C.Append(front, value);
        fixed (RecordHeader* h = &header)
        fixed (byte* k = key, v = value)
        {
            var entry = new SpanEntry(h, k, v);
            if (value.Length < LongValueBytes)
                return log.TryEnqueue(entry, out address) && Appended(header.Kind, address);
            lock (oneLong)
                return log.TryEnqueue(entry, out address) && Appended(header.Kind, address);
        }
    }

    public unsafe bool TryAppend(ref RecordHeader header, ReadOnlySpan<byte> key, in ReadOnlySequence<byte> value, out long address)
    {
        address = 0;
        Prepare(ref header, key.Length, value.Length);
        if (writer.Refuses)
            return false;
        var checksum = Crc32C.Append(RecordFormat.Checksum(seed, in header), key);
        foreach (var part in value)
            checksum = Crc32C.Append(checksum, part.Span);
        header.Checksum = checksum;
        fixed (RecordHeader* h = &header)
        fixed (byte* k = key)
        {
            var entry = new SequenceEntry(h, k, value);
            if (value.Length < LongValueBytes)
                return log.TryEnqueue(entry, out address) && Appended(header.Kind, address);
            lock (oneLong)
                return log.TryEnqueue(entry, out address) && Appended(header.Kind, address);
        }
    }

    // A chunk is nothing without the manifest behind it, which asks for both; a copy's can be read again. So a stream of large copies does not
    // have the disk wait for itself every second.
    private bool Appended(RecordKind kind, long address)
    {
        if (isInterval && kind != RecordKind.Chunk)
            writer.Want(address);
        return true;
    }

    public ValueTask<CacheError?> WaitForRoomAsync(CancellationToken cancellation) =>
        HasRoom ? default : writer.WaitForRoomAsync(cancellation);

    public ValueTask<CacheError?> WaitForCommitAsync(long address, CancellationToken cancellation) =>
        writer.WaitForCommitAsync(address, cancellation);

    public void TellCommitted(long address, ICommitWaiter waiter) => writer.TellCommitted(address, waiter);

    public ValueTask<CacheError?> CommitAsync(CancellationToken cancellation)
    {
        var tail = log.TailAddress;
        return tail <= CommittedUntil ? default : writer.WaitForCommitAsync(tail - 1, cancellation);
    }

    public ValueTask<Result<RecordLease>> ReadAsync(long address, int recordBytes, CancellationToken cancellation)
    {
        if (address < BeginAddress)
            return new(Gone(address));
        if (address + recordBytes > log.FlushedUntilAddress)
            return ReadSlowAsync(address, recordBytes, cancellation);
        var buffer = ArrayPool<byte>.Shared.Rent(recordBytes);
        if (files.TryReadNow(address / SegmentBytes, (int)(address % SegmentBytes), buffer.AsSpan(0, recordBytes)))
            return new(Lease(address, buffer, recordBytes));
        ArrayPool<byte>.Shared.Return(buffer);
        return ReadSlowAsync(address, recordBytes, cancellation);
    }

    public long Scan(long from, long to, IRecordVisitor visitor, bool isRecord = false)
    {
        var end = CommittedUntil;
        from = Math.Max(from, BeginAddress);
        to = Math.Min(to, end);
        return from >= to ? Math.Max(from, to) : scanner.Scan(from, to, isRecord ? to : end, visitor);
    }

    public Task<CacheError?> TruncateAsync(long address)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(address, log.TailAddress);
        return writer.TruncateAsync(address / SegmentBytes * SegmentBytes);
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
            return;
        disposed = true;
        // An address that is never reached: one more commit even when all is committed, for a truncation that waits for it. An error has
        // been told through Health.
        await writer.WaitForCommitAsync(long.MaxValue, CancellationToken.None);
        writer.Dispose();
        log.Dispose();
        files.Dispose();
    }

    private async ValueTask<Result<RecordLease>> ReadSlowAsync(long address, int recordBytes, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (address + recordBytes > log.TailAddress)
            return Damaged(address);
        if (address + recordBytes > log.FlushedUntilAddress && await CommitAsync(cancellation) is { } error)
            return error;
        var buffer = ArrayPool<byte>.Shared.Rent(recordBytes);
        var read = 0;
        try
        {
            read = await files.ReadAsync(address / SegmentBytes, (int)(address % SegmentBytes), buffer.AsMemory(0, recordBytes));
            if (read == recordBytes)
                return Lease(address, buffer, recordBytes);
        }
        catch (IOException e)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return new CacheError(CacheErrorCode.Unavailable, $"The record at {address} can't be read: {e.Message}");
        }
        catch (ObjectDisposedException)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return new CacheError(CacheErrorCode.Unavailable, "The log is closed.");
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return read < 0 ? Gone(address) : Damaged(address);
    }

    private Result<RecordLease> Lease(long address, byte[] buffer, int recordBytes)
    {
        var bytes = buffer.AsSpan(0, recordBytes);
        if (RecordFormat.Measure(bytes) == recordBytes && RecordFormat.IsIntact(bytes, seed))
            return new RecordLease(RecordFormat.HeaderOf(bytes), buffer, RecordFormat.PrefixBytes);
        ArrayPool<byte>.Shared.Return(buffer);
        return address < BeginAddress ? Gone(address) : Damaged(address);
    }

    private static CacheError Gone(long address) =>
        new(CacheErrorCode.NotFound, $"The record at {address} has been reclaimed.");

    private static CacheError Damaged(long address) =>
        new(CacheErrorCode.Corrupt, $"There is no intact record at {address}.");

    private void Prepare(ref RecordHeader header, int keyLength, long valueLength)
    {
        if (RecordFormat.Bytes(keyLength, valueLength) > RecordBytesMax)
            throw new ArgumentOutOfRangeException(
                nameof(valueLength), $"A record of {keyLength} + {valueLength} bytes is longer than a page of {RecordBytesMax}.");
        header.KeyLength = (uint)keyLength;
        header.ValueLength = (uint)valueLength;
    }

    private readonly unsafe struct SpanEntry(RecordHeader* header, byte* key, byte* value) : ILogEnqueueEntry
    {
        public int SerializedLength => RecordHeader.Bytes + (int)header->KeyLength + (int)header->ValueLength;

        public void SerializeTo(Span<byte> dest)
        {
            Unsafe.WriteUnaligned(ref dest[0], *header);
            var keyLength = (int)header->KeyLength;
            new ReadOnlySpan<byte>(key, keyLength).CopyTo(dest[RecordHeader.Bytes..]);
            new ReadOnlySpan<byte>(value, (int)header->ValueLength).CopyTo(dest[(RecordHeader.Bytes + keyLength)..]);
        }
    }

    private readonly unsafe struct SequenceEntry(RecordHeader* header, byte* key, ReadOnlySequence<byte> value) : ILogEnqueueEntry
    {
        public int SerializedLength => RecordHeader.Bytes + (int)header->KeyLength + (int)header->ValueLength;

        public void SerializeTo(Span<byte> dest)
        {
            Unsafe.WriteUnaligned(ref dest[0], *header);
            var keyLength = (int)header->KeyLength;
            new ReadOnlySpan<byte>(key, keyLength).CopyTo(dest[RecordHeader.Bytes..]);
            value.CopyTo(dest[(RecordHeader.Bytes + keyLength)..]);
        }
    }
}
