using System.Diagnostics;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>The README's numbers: <c>dotnet exec Hal.Cache.Storage.Tests.dll measure-log DIRECTORY</c>.</summary>
internal static partial class LogMeasurements
{
    public static async Task<int> RunAsync(string directory)
    {
        SyncAlone(directory);
        await CommitAsync(directory, 1);
        SyncAlone(directory);
        await CommitAsync(directory, 64);
        await AppendAsync(directory, 100, 2_000_000);
        await AppendAsync(directory, 1024, 500_000);
        await AppendAsync(directory, 64 << 10, 10_000);
        Checksum();
        return 0;
    }

    private static async Task AppendAsync(string directory, int valueLength, int count)
    {
        using var data = DataDirectory.Open(Path.Combine(directory, $"append{valueLength}")).Value;
        await using var log = RecordLog.Open(data, new() { Durability = LogDurability.None }, TimeProvider.System).Value;
        var key = new byte[16];
        var value = new byte[valueLength];
        Random.Shared.NextBytes(value);
        var addresses = new long[count];
        var header = new RecordHeader { Kind = RecordKind.Value };
        for (var i = 0; i < 10_000; i++) // warm up
            log.TryAppend(ref header, key, value, out _);
        await log.CommitAsync(default);
        var waits = 0;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            while (!log.TryAppend(ref header, key, value, out addresses[i]))
            {
                waits++;
                await log.WaitForRoomAsync(default);
            }
        }

        var appended = clock.Elapsed;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        await log.CommitAsync(default);
        Console.WriteLine(
            $"append {valueLength} B: {count / appended.TotalSeconds:n0}/s, {appended.TotalNanoseconds / count:n0} ns, {waits} waits, "
            + $"{(double)allocated / count:f2} B allocated each (thread changes not counted); committed after {clock.Elapsed.TotalSeconds:f2} s");

        await FitAsync(log, valueLength);

        var counter = new Counter();
        clock.Restart();
        log.Scan(0, long.MaxValue, counter);
        Console.WriteLine($"scan: {counter.Count:n0} records, {counter.Bytes / 1e6 / clock.Elapsed.TotalSeconds:n0} MB/s, {clock.Elapsed.TotalMilliseconds:n0} ms");

        await ReadAsync(log, addresses, valueLength, "page cache", readers: 1, Math.Min(count, 200_000));
        foreach (var readers in new[] { 1, 64 })
        {
            Evict(data.LogPath);
            await ReadAsync(log, addresses, valueLength, "cold", readers, 3_000);
        }
    }

    private static async Task ReadAsync(IRecordLog log, long[] addresses, int valueLength, string what, int readers, int reads)
    {
        var length = log.RecordBytes(16, valueLength);
        var synchronous = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, readers).Select(reader => Task.Run(async () =>
        {
            var random = new Random(reader);
            var own = 0;
            for (var i = 0; i < reads / readers; i++)
            {
                var read = log.ReadAsync(addresses[random.Next(addresses.Length)], length, default);
                own += read.IsCompleted ? 1 : 0;
                (await read).Value.Dispose();
            }

            Interlocked.Add(ref synchronous, own);
        })));
        Console.WriteLine(
            $"read {valueLength} B, {what}, {readers} at once: {reads / clock.Elapsed.TotalSeconds:n0}/s, "
            + $"{clock.Elapsed.TotalMicroseconds / reads * readers:f1} us each, {100.0 * synchronous / reads:f0} % synchronous");
    }

    // The kernel forgets the pages of these files only.
    private static void Evict(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*.log"))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            _ = Forget(file, 0, 0, DontNeed);
        }
    }

    private const int DontNeed = 4;

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Forget(SafeFileHandle file, long offset, long length, int advice);

    // What the memory buffer alone takes, the disk left out: batches that fit, and a commit in between.
    private static async Task FitAsync(IRecordLog log, int valueLength)
    {
        var key = new byte[16];
        var value = new byte[valueLength];
        var header = new RecordHeader { Kind = RecordKind.Value };
        var batch = (8 << 20) / log.RecordBytes(16, valueLength);
        var clock = new Stopwatch();
        for (var round = 0; round < 20; round++)
        {
            clock.Start();
            for (var i = 0; i < batch; i++)
                log.TryAppend(ref header, key, value, out _);
            clock.Stop();
            await log.CommitAsync(default);
        }

        Console.WriteLine($"append {valueLength} B, in memory: {clock.Elapsed.TotalNanoseconds / batch / 20:n0} ns");
    }

    private static async Task CommitAsync(string directory, int writers)
    {
        using var data = DataDirectory.Open(Path.Combine(directory, $"commit{writers}")).Value;
        await using var log = RecordLog.Open(data, new(), TimeProvider.System).Value;
        var times = new List<double>();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            var key = new byte[16];
            var value = new byte[200];
            var own = new List<double>();
            for (var i = 0; i < 2000; i++)
            {
                var header = new RecordHeader { Kind = RecordKind.Value };
                var start = Stopwatch.GetTimestamp();
                log.TryAppend(ref header, key, value, out var address);
                await log.WaitForCommitAsync(address, default);
                own.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }

            lock (times)
                times.AddRange(own);
        })));
        times.Sort();
        Console.WriteLine(
            $"commit, {writers} writers: {times.Count / clock.Elapsed.TotalSeconds:n0}/s, median {times[times.Count / 2]:n0} us, p99 {times[times.Count * 99 / 100]:n0} us");
    }

    // What the disk alone takes, to compare with in the same run.
    private static void SyncAlone(string directory)
    {
        using var file = File.OpenHandle(
            Path.Combine(directory, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, 64 << 20);
        RandomAccess.SetLength(file, 64 << 20);
        var times = new List<double>();
        for (var i = 0; i < 2000; i++)
        {
            var start = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, new byte[284], i * 284L);
            Posix.SyncData(file);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        times.Sort();
        Console.WriteLine($"write and fdatasync alone: median {times[1000]:n0} us, p99 {times[1980]:n0} us");
    }

    private static void Checksum()
    {
        var bytes = new byte[64 << 10];
        uint crc = 0;
        for (var i = 0; i < 2000; i++)
            crc = Crc32C.Append(crc, bytes);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 20_000; i++)
            crc = Crc32C.Append(crc, bytes);
        Console.WriteLine($"crc32c 64 KiB: {bytes.Length * 20_000.0 / 1e9 / clock.Elapsed.TotalSeconds:f1} GB/s ({crc})");
    }

    private sealed class Counter : IRecordVisitor
    {
        public long Count { get; private set; }

        public long Bytes { get; private set; }

        public bool Visit(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            Count++;
            Bytes += RecordFormat.Bytes(key.Length, value.Length);
            return true;
        }

        public void Damaged(long address, long bytes) => throw new InvalidOperationException($"Damage at {address}.");
    }
}
