using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Hal.Cache.Silo;

/// <summary>What the process takes, beside what its instances say they use.</summary>
internal sealed class ProcessMetrics : IDisposable
{
    private readonly Meter meter = new("Hal.Cache.Silo", Banner.Version);

    public ProcessMetrics()
    {
        meter.CreateObservableGauge("hal.cache.process.resident", () => Environment.WorkingSet, "By", "Resident memory of the process.");
        meter.CreateObservableGauge("hal.cache.process.heap", () => GC.GetTotalMemory(false), "By", "Managed memory in use.");
        meter.CreateObservableCounter("hal.cache.process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time taken.");
        meter.CreateObservableGauge("hal.cache.process.threads", () => ThreadPool.ThreadCount, null, "Threads of the pool.");
        meter.CreateObservableCounter("hal.cache.process.collections", Collections, null, "Garbage collections by generation.");
        meter.CreateObservableGauge(
            "hal.cache.build.info", () => new Measurement<int>(1, new KeyValuePair<string, object?>("version", Banner.Version)), null, "Always 1; its label has the version.");
        var started = Stopwatch.GetTimestamp();
        meter.CreateObservableGauge("hal.cache.process.uptime", () => Stopwatch.GetElapsedTime(started).TotalSeconds, "s", "Time since the start.");
    }

    public void Dispose() => meter.Dispose();

    private static IEnumerable<Measurement<int>> Collections() =>
        Enumerable.Range(0, GC.MaxGeneration + 1).Select(g => new Measurement<int>(GC.CollectionCount(g), new KeyValuePair<string, object?>("generation", g)));
}
