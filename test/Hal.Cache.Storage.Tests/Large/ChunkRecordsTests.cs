using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Tests.Log;

namespace Hal.Cache.Storage.Tests.Large;

public sealed class ChunkRecordsTests : IAsyncDisposable
{
    private const int Bytes = 1000;

    private readonly TempDirectory temp = new();
    private readonly LogHost host;
    private readonly PagePool pool = new(64L << 20, 0);
    private readonly ChunkRecords records;
    private readonly int recordBytes;

    public ChunkRecordsTests()
    {
        host = LogHost.Open(temp.Sub("log"));
        records = new ChunkRecords(pool, host.Log);
        recordBytes = host.Log.RecordBytes(0, Bytes);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        pool.Dispose();
        temp.Dispose();
    }

    [Fact]
    public void Records_that_follow_one_another_are_one_run()
    {
        for (int index = 0; index < 10; index++)
            records.Add(64 + ((long)index * recordBytes), 100 + index, Bytes);

        ChunkRecords.ChunkRun run = Assert.Single(records.OfSegmentAt(64));
        Assert.Equal((64, 10, 100L, Bytes), (run.Offset, run.Count, run.FirstId, run.Bytes));
        Assert.Equal(64 + (10 * recordBytes), records.EndOf(run));
        Assert.Equal(ChunkRecords.ChunkRun.OwnBytes, pool.OverheadBytes);
    }

    [Theory]
    [InlineData(5, 1, Bytes)] // another value's
    [InlineData(1, 2, Bytes)] // something else between
    [InlineData(1, 1, 100)] // a short one
    public void Others_begin_a_run(int idsOn, int placesOn, int bytes)
    {
        records.Add(64, 100, Bytes);
        records.Add(64 + ((long)placesOn * recordBytes), 100 + idsOn, bytes);

        Assert.Equal([1, 1], records.OfSegmentAt(64).Select(run => run.Count));
    }

    [Fact]
    public void Runs_come_in_their_order_in_the_log_by_segment_until_it_is_gone()
    {
        long second = host.Log.SegmentBytes;
        records.Add(64 + recordBytes, 7, Bytes);
        records.Add(second + 64, 9, Bytes);
        records.Add(64, 8, Bytes);

        Assert.Equal([8, 7], records.OfSegmentAt(64).Select(run => run.FirstId));
        records.ForgetBefore(second);
        Assert.Empty(records.OfSegmentAt(64));
        Assert.Equal([9], records.OfSegmentAt(second).Select(run => run.FirstId));
        Assert.Equal(ChunkRecords.ChunkRun.OwnBytes, pool.OverheadBytes);
    }
}
