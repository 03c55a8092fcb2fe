using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

public sealed class DamageTests : IDisposable
{
    private readonly TempDirectory temp = new();

    private string LogPath => Path.Combine(temp.Sub("a"), "log");

    public void Dispose() => temp.Dispose();

    // Trap 5: whatever bit of a record flips, reads and scans see it, and the others are still there.
    [Fact]
    public async Task Flipped_bit_anywhere_in_a_record_is_detected_and_costs_that_record_only()
    {
        const int seed = 4711;
        const int valueLength = 300;
        var random = new Random(seed);
        await using var host = LogHost.Open(temp.Sub("a"));
        var addresses = new List<long>();
        for (var i = 0; i < 300; i++)
            addresses.Add(await host.AppendAsync(i, valueLength));
        await host.CommitAsync();
        var length = host.Log.RecordBytes(8, valueLength);
        for (var round = 0; round < 300; round++)
        {
            var victim = random.Next(300);
            // Each of the first bytes (frame, header) in turn, then anywhere.
            var offset = round < 80 ? round : random.Next(RecordFormat.PrefixBytes + 8 + valueLength);
            var bit = (byte)(1 << random.Next(8));
            Flip(addresses[victim] + offset, bit);

            var read = await host.Log.ReadAsync(addresses[victim], length, default);
            var scan = host.Scan();

            var where = $"seed {seed}, round {round}, record {victim}, offset {offset}, bit {bit}";
            Assert.True(read.Error?.Code == CacheErrorCode.Corrupt, where);
            Assert.True(scan.Numbers.SequenceEqual(Enumerable.Range(0, 300).Select(i => (long)i).Where(i => i != victim)), where);
            Assert.True(scan.Damage is [var damage] && damage == (addresses[victim], length), where);
            Flip(addresses[victim] + offset, bit);
        }

        Assert.Empty(host.Scan().Damage);
    }

    [Fact]
    public async Task Overwritten_stretch_costs_what_it_touched_and_is_reported()
    {
        const int seed = 99;
        var random = new Random(seed);
        await using var host = LogHost.Open(temp.Sub("a"));
        await TruncationTests.FillAsync(host, 0, 100);
        var records = host.Scan().Records;
        for (var round = 0; round < 50; round++)
        {
            var garbage = new byte[random.Next(1, 40_000)];
            if (round % 2 == 0)
                random.NextBytes(garbage);
            var at = random.NextInt64(64, host.Log.TailAddress - garbage.Length);
            var before = Bytes(at, garbage.Length);
            Overwrite(at, garbage);

            var scan = host.Scan();

            var hurt = records.Where(r => r.Address < at + garbage.Length && r.Address + host.Log.RecordBytes(8, 5000) > at).Select(r => r.Number);
            var missing = records.Select(r => r.Number).Except(scan.Numbers).ToList();
            // A page's zeros may also have been its unused end.
            Assert.True(missing.Count == 0 || missing.SequenceEqual(hurt), $"seed {seed}, round {round}, {at}+{garbage.Length}: {string.Join(' ', missing)}");
            Assert.True(missing.Count == 0 || scan.Damage.Count > 0, $"seed {seed}, round {round}: lost without a word");
            Overwrite(at, before);
        }
    }

    [Fact]
    public async Task Value_that_looks_like_records_of_another_store_is_not_taken_for_any()
    {
        await using (var other = LogHost.Open(temp.Sub("b")))
            await TruncationTests.FillAsync(other, 700, 705);
        var forged = File.ReadAllBytes(Path.Combine(temp.Sub("b"), "log", "00000000.log")).AsSpan(64, 26_000).ToArray();
        await using var host = LogHost.Open(temp.Sub("a"));
        var header = new RecordHeader { Kind = RecordKind.Value, Version = 1 };
        Assert.True(host.Log.TryAppend(ref header, [1], forged, out var address));
        await host.AppendAsync(2, 100);
        await host.CommitAsync();
        Flip(address, 1);

        var scan = host.Scan();

        Assert.Equal([2], scan.Numbers);
        Assert.Single(scan.Damage);
    }

    [Fact]
    public async Task Torn_tail_is_cut_and_told_and_what_was_cut_never_returns()
    {
        string crash;
        long second, third, tail;
        await using (var host = LogHost.Open(temp.Sub("a")))
        {
            await TruncationTests.FillAsync(host, 0, 1);
            crash = temp.CopyOf(host.Data.Path, "crash"); // its mark knows of record 0 only
            second = await host.AppendAsync(1, 500);
            third = await host.AppendAsync(2, 500);
            await host.CommitAsync();
            tail = host.Log.TailAddress;
        }

        // Record 1 torn, record 2 whole but cut short at its end: neither was acknowledged.
        var bytes = Bytes(second, (int)(tail - second));
        bytes[200] ^= 1;
        bytes[^20] ^= 1;
        Overwrite(second, bytes, Path.Combine(crash, "log"));
        await using (var crashed = LogHost.Open(crash))
        {
            Assert.Equal(tail - second, crashed.Log.Recovery.CutBytes);
            Assert.Equal(second, crashed.Log.TailAddress);
            Assert.Equal([0], crashed.Scan().Numbers);
            Assert.Equal(second, await crashed.AppendAsync(3, 500)); // ends where record 2 began
        }

        Assert.Equal(500 + RecordFormat.PrefixBytes + 8, third - second);
        await using var again = LogHost.Open(crash);
        Assert.Equal([0, 3], again.Scan().Numbers);
        Assert.Equal(0, again.Log.Recovery.CutBytes);
    }

    [Fact]
    public async Task Damage_before_a_whole_record_at_the_tail_does_not_cut_it()
    {
        string crash;
        long second, tail;
        await using (var host = LogHost.Open(temp.Sub("a")))
        {
            await TruncationTests.FillAsync(host, 0, 1);
            crash = temp.CopyOf(host.Data.Path, "crash");
            second = await host.AppendAsync(1, 500);
            await host.AppendAsync(2, 500);
            await host.CommitAsync();
            tail = host.Log.TailAddress;
        }

        var bytes = Bytes(second, (int)(tail - second));
        bytes[200] ^= 1;
        Overwrite(second, bytes, Path.Combine(crash, "log"));

        await using var crashed = LogHost.Open(crash);

        Assert.Equal((tail, 0L), (crashed.Log.TailAddress, crashed.Log.Recovery.CutBytes));
        var scan = crashed.Scan();
        Assert.Equal([0, 2], scan.Numbers);
        Assert.Equal([(second, 576L)], scan.Damage);
    }

    [Theory]
    [InlineData("first", "segment 0 of 0 to")]
    [InlineData("middle", "segment 1 of 0 to")]
    [InlineData("last", "is missing")]
    [InlineData("short", "segment 1 has 1000 bytes")]
    [InlineData("mark gone", "mark is missing")]
    [InlineData("mark garbage", "mark is missing or not readable")]
    [InlineData("mark empty", "mark is missing or not readable")]
    [InlineData("all gone", "mark is missing")]
    public async Task Open_fails_loudly_when_files_are_damaged(string what, string text)
    {
        await using (var host = LogHost.Open(temp.Sub("a")))
            await TruncationTests.FillAsync(host, 0, 100);
        var segments = Directory.EnumerateFiles(LogPath, "*.log").Order().ToList();
        var mark = Path.Combine(LogPath, "mark");
        switch (what)
        {
            case "first":
                File.Delete(segments[0]);
                break;
            case "middle":
                File.Delete(segments[1]);
                break;
            case "last":
                File.Delete(segments[^1]);
                break;
            case "short":
                using (var file = File.OpenWrite(segments[1]))
                    file.SetLength(1000);
                break;
            case "mark gone":
                File.Delete(mark);
                break;
            case "mark garbage":
                File.WriteAllBytes(mark, File.ReadAllBytes(mark).Select(b => (byte)(b ^ 0x55)).ToArray());
                break;
            case "mark empty":
                File.WriteAllBytes(mark, []);
                break;
            case "all gone":
                Directory.Delete(LogPath, recursive: true);
                break;
        }

        var opened = LogHost.TryOpen(temp.Sub("a"));

        Assert.Equal(CacheErrorCode.Corrupt, opened.Error?.Code);
        Assert.Contains(text, opened.Error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    public async Task One_torn_slot_of_the_mark_does_no_harm(int slot)
    {
        await using (var host = LogHost.Open(temp.Sub("a")))
            await TruncationTests.FillAsync(host, 0, 100);
        using (var mark = File.OpenHandle(Path.Combine(LogPath, "mark"), FileMode.Open, FileAccess.Write))
            RandomAccess.Write(mark, new byte[100], slot);

        await using var again = LogHost.Open(temp.Sub("a"));

        Assert.Equal(100, again.Scan().Records.Count);
    }

    private void Flip(long address, byte bit) => Overwrite(address, [(byte)(Bytes(address, 1)[0] ^ bit)]);

    private byte[] Bytes(long address, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length;)
        {
            using var file = Segment(LogPath, address + i, FileAccess.Read, out var offset);
            i += RandomAccess.Read(file, bytes.AsSpan(i, Math.Min(length - i, (128 << 10) - offset)), offset);
        }

        return bytes;
    }

    private void Overwrite(long address, byte[] bytes, string? path = null)
    {
        for (var i = 0; i < bytes.Length;)
        {
            using var file = Segment(path ?? LogPath, address + i, FileAccess.Write, out var offset);
            var part = Math.Min(bytes.Length - i, (128 << 10) - offset);
            RandomAccess.Write(file, bytes.AsSpan(i, part), offset);
            i += part;
        }
    }

    private static Microsoft.Win32.SafeHandles.SafeFileHandle Segment(string path, long address, FileAccess access, out int offset)
    {
        offset = (int)(address % (128 << 10));
        return File.OpenHandle(
            Path.Combine(path, $"{address / (128 << 10):D8}.log"), FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
    }
}
