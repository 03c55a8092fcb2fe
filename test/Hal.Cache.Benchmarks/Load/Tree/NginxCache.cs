using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>The distribution's nginx with <c>proxy_cache</c>, one fetch at a time for an object.</summary>
internal sealed class NginxCache : IWebCache
{
    /// <summary>Where Debian has it, which is not on every user's path.</summary>
    public static string Program { get; } = Executable.Find("nginx");

    public string Name => "nginx";

    public async Task<string> PrepareAsync(ChildProcesses children, CancellationToken cancel)
    {
        if (Program.Length == 0)
            throw new BenchmarkException("nginx is not installed: apt-get install nginx-light");
        // "nginx version: nginx/1.22.1", on standard error.
        var output = await children.ErrorsAsync(Program, ["-v"], cancel);
        return output.Trim().Split('/')[^1];
    }

    public LaunchPlan Launch(int port, int upstream, string folder) => NginxConfiguration.Proxy(port, upstream, folder);
}
