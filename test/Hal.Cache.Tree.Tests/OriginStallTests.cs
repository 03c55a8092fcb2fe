using System.Diagnostics;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Origins;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Tree.Tests;

/// <summary>An origin that hangs, as a network share does whose server is gone, behind a real file system.</summary>
public sealed class OriginStallTests(ITestOutputHelper output) : IDisposable
{
    private const int Files = 120;
    private const int ValueBytes = 3000;
    private readonly TempDirectory _files = new("stall");

    [Fact]
    public async Task An_origin_that_hangs_holds_up_its_own_readers_alone_and_they_get_their_values_when_it_goes_on()
    {
        var values = Enumerable.Range(0, Files).Select(seed => Write("behind", seed)).ToArray();
        var other = Write("other", Files);
        var (mount, why) = HangingMount.TryMount(_files.Combine("behind"), Directory.CreateDirectory(_files.Combine("mounted")).FullName);
        if (mount is null)
        {
            output.WriteLine($"Nothing was shown: {why}.");
            return;
        }

        using var mounted = mount;
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions
            {
                Memory = "64mb", Disk = "256mb",
                Origins = [$"s/=file://{mount.Path}?freshness=immutable", $"o/=file://{_files.Combine("other")}?freshness=immutable"],
            },
            ("root", null), ("leaf", "root"));
        var clients = Enumerable.Range(0, Files).Select(i => new RespTestClient(tree[i % 3 == 0 ? "leaf" : "root"].Port)).ToArray();
        try
        {
            Assert.Equal(values[0], clients[0].Command("GET", "s/0").Bytes);
            mount.Hang();
            for (var i = 1; i < Files; i++) clients[i].Send(i % 2 == 0 ? "STRLEN" : "GET", $"s/{i}");
            var watch = Stopwatch.StartNew();
            foreach (var name in new[] { "root", "leaf" })
            {
                using var client = new RespTestClient(tree[name].Port);
                Assert.Equal("OK", client.Command("SET", $"k:{name}", "v").Text);
                Assert.Equal("v", client.Command("GET", $"k:{name}").Text);
                Assert.Equal(other, client.Command("GET", $"o/{Files}").Bytes);
                Assert.Equal(values[0], client.Command("GET", "s/0").Bytes); // a copy that is good for ever
            }

            output.WriteLine($"Others were answered after {watch.ElapsedMilliseconds} ms.");
            mount.GoOn();
            var replies = await Task.WhenAll(Enumerable.Range(1, Files - 1).Select(i => Task.Factory.StartNew(
                () => (Number: i, Reply: clients[i].Receive()), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            foreach (var (number, reply) in replies)
            {
                if (number % 2 == 0) Assert.Equal(ValueBytes, reply.Number);
                else Assert.Equal(values[number], reply.Bytes);
            }
        }
        finally
        {
            mount.GoOn();
            foreach (var client in clients) client.Dispose();
        }
    }

    public void Dispose() => _files.Dispose();

    private byte[] Write(string directory, int number)
    {
        var bytes = new byte[ValueBytes];
        new Random(number).NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(_files.Combine(directory)).FullName, $"{number}"), bytes);
        return bytes;
    }
}
