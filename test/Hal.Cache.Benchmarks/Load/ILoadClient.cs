using System.Net;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Drives one cell against one server.</summary>
internal interface ILoadClient
{
    /// <summary>Requests per second and latencies; <see cref="BenchmarkException"/> on an error reply, a lost connection or a hang.</summary>
    Task<Sample> RunAsync(IPEndPoint endpoint, LoadCell cell, int connections, int requests, CancellationToken cancel);
}
