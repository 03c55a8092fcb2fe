using System.Text.RegularExpressions;
using Hal.Cache.Benchmarks.Load;
using Hal.Cache.Benchmarks.Servers;
using Xunit.Abstractions;

namespace Hal.Cache.Benchmarks.Tests.Load;

public sealed class LoadProgramTests(ITestOutputHelper log)
{
    private static readonly TimeSpan RunTimeMax = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Quick_run_measures_every_row_and_leaves_nothing_behind()
    {
        if (!OnPath("redis-server") || !OnPath("redis-benchmark"))
        {
            log.WriteLine("redis-server and redis-tools are not installed here: the smoke run of the load program was not made.");
            return;
        }
        var options = new LoadOptions { Quick = true, Rounds = 1, Seconds = 0.05, ManyKeys = 2_000, Connections = 5, Servers = ["redis"], Tables = [LoadTable.None, LoadTable.Commit, LoadTable.Types] };
        using var output = new StringWriter();
        using var limit = new CancellationTokenSource(RunTimeMax);

        var code = await LoadProgram.RunAsync(options, output, TextWriter.Null, limit.Token);

        log.WriteLine(output.ToString());
        Assert.Equal(0, code);
        var rows = output.ToString().Split('\n').Where(line => Regex.IsMatch(line, @"^\| (GET|SET|memory|restart|HSET|EVAL|MULTI|PUBLISH)")).ToList();
        Assert.Equal((2 * (LoadCell.Quick.Count + 2)) + CommandCell.Quick.Count + 4, rows.Count);
        Assert.All(rows, row => Assert.Matches(@"^\| [^|]+ \| [^|]+ \| [0-9.,]+ \|", row));
        Assert.Contains("restart, 2,000 keys of 1 KiB: redis: SIGKILL, append-only file; 0 of 500 sampled keys missing after it", output.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(WorkFolder.Cache, Mine));
    }

    [Fact]
    public async Task Quick_run_measures_the_tree_and_the_control_plane_and_leaves_nothing_behind()
    {
        var options = new LoadOptions
        {
            Quick = true, Rounds = 1, Seconds = 0.05, ManyKeys = 2_000, Tables = [LoadTable.Tree, LoadTable.Plane], Only = new Regex("root has it|cold|clients|killed|Locate|affinity|events"),
        };
        using var output = new StringWriter();
        using var limit = new CancellationTokenSource(RunTimeMax);

        var code = await LoadProgram.RunAsync(options, output, TextWriter.Null, limit.Token);

        log.WriteLine(output.ToString());
        Assert.Equal(0, code);
        var rows = output.ToString().Split('\n').Where(line => Regex.IsMatch(line, @"^\| (leaf miss|cold|8 clients|64 KiB|source|Locate|affinity|events)")).ToList();
        Assert.Equal(1 + 13 + 4 + 1 + 5, rows.Count);
        Assert.All(rows, row => Assert.Matches(@"^\| [^|]+ \| [^|]+ \| [0-9.,]+ ", row));
        Assert.Matches(@"\| leaf miss, root has it, 1 KiB \|[^|]+\| [0-9.]+ / [0-9.]+ \| [0-9.]+ / [0-9.]+ \| [0-9.]+ / [0-9.]+ \|", output.ToString()); // the relay's too
        // What does not depend on how fast the machine is.
        Assert.Matches(@"\| 8 clients on 2 leaves, one cold 4 MiB: copies read from the origin \| copies \| 1.00 \|", output.ToString());
        Assert.Matches(@"\| source killed within 8 MiB: bytes that the client gets \| % \| 100 \|", output.ToString());
        Assert.Empty(Directory.GetDirectories(WorkFolder.Cache, Mine));
    }

    [Fact]
    public async Task Run_returns_1_when_nothing_was_measured()
    {
        using var output = new StringWriter();
        using var limit = new CancellationTokenSource(RunTimeMax);

        var code = await LoadProgram.RunAsync(new LoadOptions { Quick = true, Servers = [], Tables = [LoadTable.None] }, output, TextWriter.Null, limit.Token);

        Assert.Equal(1, code);
    }

    [Fact]
    public async Task Run_that_is_cancelled_ends_its_servers_and_removes_their_data()
    {
        if (!OnPath("redis-server") || !OnPath("redis-benchmark"))
        {
            log.WriteLine("redis-server and redis-tools are not installed here: the cancelled run was not made.");
            return;
        }
        using var cancel = new CancellationTokenSource();
        using var progress = new CancelsAt("rounds of", cancel, () => Directory.GetDirectories(WorkFolder.Cache, Mine));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LoadProgram.RunAsync(
            new LoadOptions { Quick = true, Servers = ["redis"], Tables = [LoadTable.None] }, TextWriter.Null, progress, cancel.Token));

        Assert.NotEmpty(progress.Seen);
        Assert.Empty(Directory.GetDirectories(WorkFolder.Cache, Mine));
        Assert.DoesNotContain(
            Directory.GetDirectories("/proc").Select(WorksIn), folder => folder.StartsWith(progress.Seen[0], StringComparison.Ordinal));
    }

    private static string Mine => $"run-{Environment.ProcessId}-*";

    private static string WorksIn(string process)
    {
        try
        {
            return new FileInfo(Path.Combine(process, "cwd")).LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Cancels when a progress line says the servers run, and keeps what it sees then.</summary>
    private sealed class CancelsAt(string word, CancellationTokenSource cancel, Func<string[]> see) : StringWriter
    {
        public string[] Seen { get; private set; } = [];

        public override async Task WriteLineAsync(string? value)
        {
            if (value?.Contains(word, StringComparison.Ordinal) != true)
                return;
            Seen = see();
            await cancel.CancelAsync();
        }
    }
}
