using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

public sealed class BoundaryTests : IDisposable
{
    private const int PageBytes = 64 << 10;
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    // Trap 2: an end inside a record takes that record whole.
    [Fact]
    public async Task Scan_takes_whole_the_record_that_its_end_cuts()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var addresses = await TruncationTests.FillAsync(host, 0, 50);
        for (var i = 1; i < 50; i++)
        {
            foreach (var to in new[] { addresses[i] + 1, addresses[i] + 4, addresses[i] + 5000 })
            {
                var scan = host.Scan(to: to);
                Assert.Equal(i + 1, scan.Records.Count); // its collector compares every byte
                Assert.True(scan.End >= to);
                Assert.Equal(50 - i - 1, host.Scan(from: scan.End).Records.Count);
            }

            Assert.Equal(i, host.Scan(to: addresses[i]).Records.Count);
        }
    }

    [Fact]
    public async Task Scan_that_the_visitor_ends_goes_on_with_the_record_it_refused()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        await TruncationTests.FillAsync(host, 0, 60);
        var numbers = new List<long>();
        for (var from = 0L; from < host.Log.TailAddress;)
        {
            var part = new LogHost.Collector { RecordsMax = 7 };
            from = host.Log.Scan(from, long.MaxValue, part);
            Assert.Empty(part.Damage);
            numbers.AddRange(part.Numbers);
        }

        Assert.Equal(Enumerable.Range(0, 60).Select(i => (long)i), numbers);
    }

    [Fact]
    public async Task Records_that_tile_pages_leave_no_gap_and_no_damage()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var eighth = PageBytes / 8 - RecordFormat.PrefixBytes - 8;
        await host.AppendAsync(0, eighth - (int)RecordFormat.FirstAddress);
        for (var i = 1; i < 64; i++)
            Assert.Equal(i * (PageBytes / 8L), await host.AppendAsync(i, eighth));
        await host.CommitAsync();
        Assert.Equal(64 * (PageBytes / 8L), host.Log.TailAddress);
        Assert.Equal(host.Log.TailAddress, host.Log.CommittedUntil);

        var scan = host.Scan();
        Assert.Equal(64, scan.Records.Count);
        Assert.Empty(scan.Damage);
        Assert.Equal(host.Log.TailAddress, scan.End);
        await using var crashed = LogHost.Open(temp.CopyOf(host.Data.Path, "crash"));
        Assert.Equal(scan.Records, crashed.Scan().Records);
        Assert.Equal(host.Log.TailAddress, crashed.Log.TailAddress);
    }

    [Fact]
    public async Task Records_of_a_whole_page_and_of_all_small_remainders_are_found()
    {
        await using var host = LogHost.Open(temp.Sub("a"));
        var whole = PageBytes - RecordFormat.PrefixBytes - 8;
        var expected = new List<long>();
        for (var i = 0; i < 40; i++)
        {
            // Page remainders from nothing to just too small for a header.
            expected.Add(await host.AppendAsync(2 * i, whole - 4 * i));
            expected.Add(await host.AppendAsync(2 * i + 1, 4 * i));
        }

        await host.CommitAsync();
        var scan = host.Scan();

        Assert.Equal(expected, scan.Records.Select(record => record.Address));
        Assert.Empty(scan.Damage);
    }
}
