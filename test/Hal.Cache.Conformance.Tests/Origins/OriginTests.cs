using System.Globalization;
using Hal.Cache.Conformance.Tests.Limits;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Origins;

/// <summary>A directory behind the silo, seen from outside: what is read from it, how often, and what is refused.</summary>
public sealed class OriginTests : IDisposable
{
    private const int Clients = 200;
    private const long ColdBytes = 16L << 20; // HAL_TEST_ORIGIN_BYTES for more: every client reads all of it.
    private const long ChunkBytesMax = 4L << 20;
    private static readonly TimeSpan RunWait = TimeSpan.FromMinutes(10);

    private readonly ITestOutputHelper _output;
    private readonly TempDirectory _directory = new("origin");
    private readonly SiloProcess _silo;

    public OriginTests(ITestOutputHelper output)
    {
        _output = output;
        Directory.CreateDirectory(Path.Combine(_directory.Path, "data", "folder"));
        File.WriteAllText(Path.Combine(_directory.Path, "secret"), "outside of the mount");
        File.WriteAllText(Path.Combine(_directory.Path, "data", "folder", "small.txt"), "small");
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "data", "link"), Path.Combine(_directory.Path, "secret"));
        _silo = SiloProcess.Started(new SiloProcessOptions { Origins = [$"o/=file://{_directory.Path}/data?freshness=immutable"] });
    }

    [Fact]
    public async Task One_cold_file_is_read_once_however_many_clients_ask_at_once()
    {
        var value = new PatternValue(3, TestSeed.Number("HAL_TEST_ORIGIN_BYTES", ColdBytes));
        value.WriteFile(Path.Combine(_directory.Path, "data", "cold"));

        using var start = new ManualResetEventSlim();
        var reads = Enumerable.Range(0, Clients).Select(_ => Task.Factory.StartNew(
            () =>
            {
                using var client = new RespTestClient(_silo.Port, TimeSpan.FromMinutes(2));
                start.Wait(RunWait);
                return value.Get(client, "o/cold");
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToList();
        start.Set();
        var found = await Task.WhenAll(reads).WaitAsync(RunWait);

        Assert.All(found, Assert.True);
        Assert.Equal(value.Bytes, OriginBytes());
    }

    [Fact]
    public void Range_reads_only_what_it_touches_and_metadata_reads_nothing()
    {
        var value = new PatternValue(4, 64L << 20);
        value.WriteFile(Path.Combine(_directory.Path, "data", "large"));
        using var client = new RespTestClient(_silo.Port);

        Assert.Equal(value.Bytes, client.Command("STRLEN", "o/large").Number);
        Assert.Equal(1, client.Command("EXISTS", "o/large").Number);
        Assert.Equal("string", client.Command("TYPE", "o/large").Text);
        Assert.Equal(0, OriginBytes());
        const long From = 33_333_333;
        var range = client.Command("GETRANGE", "o/large", Text(From), Text(From + 999));
        var read = OriginBytes();

        _output.WriteLine($"A range of 1,000 bytes read {read} bytes of the origin.");
        Assert.Equal(value.Slice(From, 1000), range.Bytes);
        Assert.InRange(read, 1000, 2 * ChunkBytesMax);
        client.Command("GETRANGE", "o/large", Text(From), Text(From + 999));
        Assert.Equal(read, OriginBytes());
        Assert.Equal(value.Slice(value.Bytes - 5, 5), client.Command("GETRANGE", "o/large", "-5", "-1").Bytes);
    }

    [Fact]
    public void Missing_file_and_folder_are_no_keys()
    {
        using var client = new RespTestClient(_silo.Port);

        Assert.True(client.Command("GET", "o/none").IsNull);
        Assert.Equal(0, client.Command("EXISTS", "o/none").Number);
        Assert.Equal(0, client.Command("STRLEN", "o/none").Number);
        Assert.True(client.Command("GET", "o/folder").IsNull);
    }

    [Theory]
    [InlineData("o/../secret")]
    [InlineData("o/folder/../../secret")]
    [InlineData("o/./folder/small.txt")]
    [InlineData("o//etc/hostname")]
    [InlineData("o/link")]
    [InlineData("o/folder/small.txt\0")]
    [InlineData("o/")]
    public void Key_that_would_leave_the_directory_is_refused(string key)
    {
        using var client = new RespTestClient(_silo.Port);

        foreach (var command in (string[])["GET", "STRLEN", "EXISTS"])
        {
            var reply = client.Command(command, key);
            Assert.True(reply.IsError, $"{command} {key} was answered {reply}.");
            Assert.DoesNotContain(_directory.Path, reply.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("SET", "o/folder/small.txt", "mine")]
    [InlineData("SET", "o/new", "mine")]
    [InlineData("APPEND", "o/folder/small.txt", "mine")]
    [InlineData("MSET", "free", "1", "o/new", "2")]
    [InlineData("RENAME", "free", "o/new")]
    [InlineData("COPY", "free", "o/new")]
    [InlineData("SETBIT", "o/new", "1", "1")]
    public void Write_below_the_mount_is_refused_and_changes_nothing(params string[] command)
    {
        using var client = new RespTestClient(_silo.Port);
        client.Command("SET", "free", "kept");

        var reply = client.Command(command);

        Assert.True(reply.IsError, $"It was answered {reply}.");
        Assert.Equal("small", client.Command("GET", "o/folder/small.txt").Text);
        Assert.True(client.Command("GET", "o/new").IsNull);
        Assert.Equal("kept", client.Command("GET", "free").Text);
        Assert.False(File.Exists(Path.Combine(_directory.Path, "data", "new")));
    }

    public void Dispose()
    {
        _silo.Dispose();
        _directory.Dispose();
    }

    private long OriginBytes()
    {
        using var client = new RespTestClient(_silo.Port);
        var line = client.Command("INFO", "everything").Text.Split("\r\n").FirstOrDefault(one => one.StartsWith("origin_bytes_read:", StringComparison.Ordinal));
        return long.Parse(line?.Split(':')[1] ?? throw new FormatException("INFO has no origin_bytes_read."), CultureInfo.InvariantCulture);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
