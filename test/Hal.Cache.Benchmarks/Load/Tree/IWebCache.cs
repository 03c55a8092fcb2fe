using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>How one caching proxy is found and started.</summary>
internal interface IWebCache
{
    /// <summary>The column of the table.</summary>
    string Name { get; }

    /// <summary>The version; <see cref="BenchmarkException"/> that says how to install it where it is not here.</summary>
    Task<string> PrepareAsync(ChildProcesses children, CancellationToken cancel);

    /// <summary>A proxy on a port that keeps what it gets from another local port, with its data in <paramref name="folder"/>.</summary>
    LaunchPlan Launch(int port, int upstream, string folder);
}
