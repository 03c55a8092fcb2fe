using System.Diagnostics;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>A leaf whose file system is smaller than its limit of disk: reads go on, what has no room is not kept.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const int Objects = 30;
    private const int ObjectBytes = 3_000_000;
    private const long DiskBytes = 320L << 20;
    private const long FreeBytes = 100L << 20;

    private readonly TempDirectory _mounts = new("full-disk");
    private bool _isMounted;

    [Fact]
    public async Task A_leaf_whose_disk_is_full_goes_on_reading_through_and_keeps_again_once_there_is_room()
    {
        // Only root may mount; then there is nothing that this test could show.
        if (Environment.UserName != "root" || Run("mount", "-t", "tmpfs", "-o", $"size={DiskBytes}", "hal-cache-test", _mounts.Path) != 0)
            return;
        _isMounted = true;
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Policy = "lru", DataDirectories = new Dictionary<string, string> { ["leaf"] = _mounts.Combine("leaf") } },
            ("root", null), ("leaf", "root"));
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{tree["leaf"].HttpPort}") };
        using var root = new RespTestClient(tree["root"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port);
        var values = Enumerable.Range(0, Objects).Select(i => Random(i)).ToArray();
        for (var i = 0; i < Objects; i++) Assert.Equal("OK", root.Command("SET"u8.ToArray(), Key(i), values[i]).Text);
        for (var i = 0; i < 5; i++) Read(i);

        Fill();
        for (var i = 0; i < Objects; i++) Read(i);
        Assert.Contains("readOnly", await http.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        Assert.Contains("free on the file system", await http.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        for (var i = Objects - 1; i >= 0; i--) Read(i);
        Assert.Equal("OK", leaf.Command("SET", "small", "v").Text); // written at the root
        Assert.Equal("v", leaf.Command("GET", "small").Text);
        Assert.Equal("OK", root.Command("SET"u8.ToArray(), Key(0), values[1]).Text);
        Assert.Equal(values[1], leaf.Command("GET"u8.ToArray(), Key(0)).Bytes);

        File.Delete(_mounts.Combine("ballast"));
        Assert.True(await Eventually.HoldsAsync(() => Keeps(Objects - 1), TimeSpan.FromSeconds(20)), "the leaf keeps nothing though there is room again");

        void Read(int i)
        {
            var reply = leaf.Command("GET"u8.ToArray(), Key(i));
            Assert.False(reply.IsError, $"{i}: {reply}");
            Assert.Equal(values[i], reply.Bytes);
        }

        bool Keeps(int i)
        {
            Read(i);
            var before = TreeProcesses.Counter(tree["root"], "tree_bytes_served");
            Read(i);
            return TreeProcesses.Counter(tree["root"], "tree_bytes_served") == before;
        }
    }

    public void Dispose()
    {
        if (_isMounted) Run("umount", "-l", _mounts.Path);
        _mounts.Dispose();
    }

    // The store leaves 128 MB of a file system to others; less than that is free from now on.
    private void Fill()
    {
        using var ballast = File.Create(_mounts.Combine("ballast"));
        var block = new byte[1 << 20];
        while (new DriveInfo(_mounts.Path).AvailableFreeSpace > FreeBytes) ballast.Write(block);
    }

    private static byte[] Key(int number) => System.Text.Encoding.ASCII.GetBytes($"d:{number}");

    private static byte[] Random(int seed)
    {
        var bytes = new byte[ObjectBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}
