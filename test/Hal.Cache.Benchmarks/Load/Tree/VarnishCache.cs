using System.Globalization;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>The distribution's Varnish, which keeps objects in memory.</summary>
internal sealed class VarnishCache : IWebCache
{
    /// <summary>Room for one object of a GiB and the small ones; older ones make place.</summary>
    private const string Memory = "1600m";
    private const int KeptSeconds = 3600;

    private static readonly string Program = Executable.Find("varnishd");

    public string Name => "varnish";

    public async Task<string> PrepareAsync(ChildProcesses children, CancellationToken cancel)
    {
        if (Program.Length == 0)
            throw new BenchmarkException("Varnish is not installed: apt-get install varnish");
        // "varnishd (varnish-7.1.1 revision ...)", on standard error.
        var output = await children.ErrorsAsync(Program, ["-V"], cancel);
        return output.Split(' ', ')').FirstOrDefault(word => word.StartsWith("(varnish-", StringComparison.Ordinal))?[9..] ?? output.Trim();
    }

    public LaunchPlan Launch(int port, int upstream, string folder) => new(
        Program,
        [
            "-F", "-j", "none", "-n", Path.Combine(folder, "work"),
            "-a", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"),
            "-b", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{upstream}"),
            "-T", "none", "-s", $"malloc,{Memory}", "-t", $"{KeptSeconds}",
        ]);
}
