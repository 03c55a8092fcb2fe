using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>A log in a directory of its own, small enough that pages and segments turn over within a test.</summary>
internal sealed class LogHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private LogHost(DataDirectory data, IRecordLog log, FaultyFiles files, ManualTime time) =>
        (Data, Log, Files, Time) = (data, log, files, time);

    public DataDirectory Data { get; }

    public IRecordLog Log { get; }

    public FaultyFiles Files { get; }

    public ManualTime Time { get; }

    public static RecordLogOptions Options(LogDurability durability = LogDurability.Commit, int segmentBytes = 128 << 10) => new()
    {
        PageBytes = 64 << 10,
        BufferBytes = 256 << 10,
        SegmentBytes = segmentBytes,
        Durability = durability,
        FreeDiskReserveBytes = 1 << 20,
    };

    public static LogHost Open(string path, RecordLogOptions? options = null)
    {
        var host = TryOpen(path, options);
        return host.IsOk ? host.Value : throw new InvalidOperationException(host.Error.ToString());
    }

    public static Result<LogHost> TryOpen(string path, RecordLogOptions? options = null)
    {
        var data = DataDirectory.Open(path);
        if (!data.IsOk)
            return data.Error;
        FaultyFiles? files = null;
        var time = new ManualTime();
        var log = RecordLog.Open(
            data.Value, options ?? Options(), time, segmentBytes => files = new FaultyFiles(new SegmentFiles(data.Value.LogPath, segmentBytes, time)));
        if (log.IsOk)
            return new LogHost(data.Value, log.Value, files!, time);
        data.Value.Dispose();
        return log.Error;
    }

    /// <summary>Appends a record whose key is the number and whose value follows from it, waiting for room.</summary>
    public async Task<long> AppendAsync(long number, int valueLength)
    {
        var (key, value) = Content(number, valueLength);
        while (true)
        {
            var header = new RecordHeader { Kind = RecordKind.Value, Version = number };
            if (Log.TryAppend(ref header, key, value, out var address))
                return address;
            Assert.Null(await Log.WaitForRoomAsync(CancellationToken.None).AsTask().WaitAsync(Patience));
        }
    }

    public async Task CommitAsync() => Assert.Null(await Log.CommitAsync(CancellationToken.None).AsTask().WaitAsync(Patience));

    public async Task AssertReadsAsync(long address, long number, int valueLength)
    {
        var (key, value) = Content(number, valueLength);
        var read = await Log.ReadAsync(address, Log.RecordBytes(key.Length, valueLength), CancellationToken.None).AsTask().WaitAsync(Patience);
        Assert.True(read.IsOk, $"{number} at {address}: {read.Error}");
        using var lease = read.Value;
        Assert.Equal(number, lease.Header.Version);
        Assert.True(key.AsSpan().SequenceEqual(lease.Key.Span) && value.AsSpan().SequenceEqual(lease.Value.Span), $"{number} at {address}");
    }

    public Collector Scan(long from = 0, long to = long.MaxValue)
    {
        var collector = new Collector();
        collector.End = Log.Scan(from, to, collector);
        return collector;
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        // Only the log's thread is waited for; the clock of the test does not move.
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public static (byte[] Key, byte[] Value) Content(long number, int valueLength)
    {
        var value = new byte[valueLength];
        new Random((int)number).NextBytes(value);
        return (BitConverter.GetBytes(number), value);
    }

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync().AsTask().WaitAsync(Patience);
        Data.Dispose();
    }

    internal sealed class Collector : IRecordVisitor
    {
        public List<(long Address, long Number, int ValueLength)> Records { get; } = [];

        public List<(long Address, long Bytes)> Damage { get; } = [];

        public int RecordsMax { get; init; } = int.MaxValue;

        public long End { get; set; }

        public IEnumerable<long> Numbers => Records.Select(record => record.Number);

        public bool Visit(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            if (Records.Count == RecordsMax)
                return false;
            var (expectedKey, expectedValue) = Content(header.Version, value.Length);
            Assert.True(key.SequenceEqual(expectedKey) && value.SequenceEqual(expectedValue), $"record {header.Version} at {address}");
            Records.Add((address, header.Version, value.Length));
            return true;
        }

        public void Damaged(long address, long bytes) => Damage.Add((address, bytes));
    }
}
