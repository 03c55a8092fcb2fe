using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Plane;

/// <summary>Measures the control plane's table, in this process.</summary>
internal sealed class PlaneProbe(LoadOptions options, ChildProcesses children, TextWriter progress)
{
    public async Task<ReportTable> RunAsync(CancellationToken cancel)
    {
        var version = await new SiloServer(children).PrepareAsync(cancel);
        var rows = new List<ReportRow>();
        rows.AddRange(await new LocateProbe(options, progress).RunAsync(cancel));
        rows.AddRange(await new EventsProbe(options, progress).RunAsync(cancel));
        return new ReportTable(LoadTable.Plane, rows, [("hal", version)]);
    }
}
