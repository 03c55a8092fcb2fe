using System.Net;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>One row of a table as it is driven: so many requests against one server.</summary>
/// <param name="Name">The row's name, which <c>--only</c> matches and a cause is kept under.</param>
/// <param name="Pipeline">Requests that a connection has under way.</param>
/// <param name="NominalRate">First guess of requests per second, for the warm-up only; measured rates replace it.</param>
/// <param name="RequestsMax">Most requests of one run.</param>
/// <param name="RunAsync">Requests per second and latencies; <see cref="BenchmarkException"/> on an error reply, a lost connection or a hang.</param>
internal sealed record Exercise(
    string Name, int Pipeline, double NominalRate, long RequestsMax, Func<IPEndPoint, int, CancellationToken, Task<Sample>> RunAsync);
