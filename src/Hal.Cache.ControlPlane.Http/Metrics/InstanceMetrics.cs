using System.Diagnostics.Metrics;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.ControlPlane.Http.Metrics;

/// <summary>Sizes and health of the instances here, as gauges with the label <c>instance</c>.</summary>
internal sealed class InstanceMetrics : IDisposable
{
    private readonly Meter meter = new("Hal.Cache.Instances");

    public InstanceMetrics(ControlPlaneHttpOptions options)
    {
        Gauge("hal.cache.instance.ready", null, "1 when the instance serves reads, otherwise 0.",
            s => s.Health is InstanceHealth.Ready or InstanceHealth.ReadOnly ? 1 : 0);
        Gauge("hal.cache.instance.keys", null, "Objects held.", s => s.Keys);
        Gauge("hal.cache.instance.memory", "By", "Memory used for data, index and log.", s => s.MemoryBytes);
        Gauge("hal.cache.instance.memory.limit", "By", "Memory that may be used for data, index and log.", s => s.MemoryLimitBytes);
        Gauge("hal.cache.instance.disk", "By", "Size of the data directory.", s => s.DiskBytes);
        Gauge("hal.cache.instance.disk.limit", "By", "Size that the data directory may have.", s => s.DiskLimitBytes);

        void Gauge(string name, string? unit, string help, Func<InstanceStatus, long> value) =>
            meter.CreateObservableGauge(
                name,
                () => options.Instances.Select(i => new Measurement<long>(value(i.Status()), new KeyValuePair<string, object?>("instance", i.Name))),
                unit,
                help);
    }

    public void Dispose() => meter.Dispose();
}
