using System.Diagnostics.Metrics;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// What INFO counts, as instruments of the meter <c>Hal.Cache.Gateway</c> with the label <c>instance</c>: connections count, and are summed up
/// when somebody asks.
/// </summary>
internal sealed class GatewayMetrics : IDisposable
{
    /// <summary>One sum answers all instruments that are asked within this time.</summary>
    private static readonly TimeSpan SumAge = TimeSpan.FromMilliseconds(100);

    private readonly Meter meter = new("Hal.Cache.Gateway");
    private readonly Lock gate = new();
    private readonly ServerState server;
    private readonly KeyValuePair<string, object?> label;
    private ClientCounters? sum;
    private long summedAt;

    public GatewayMetrics(ServerState server)
    {
        (this.server, label) = (server, new("instance", server.Options.Name));
        meter.CreateObservableCounter("hal.gateway.commands", () => Commands(static (total, id) => total.Calls[id]), null, "Commands that ran, by name.");
        meter.CreateObservableCounter(
            "hal.gateway.failures", () => Commands(static (total, id) => total.Failures[id] + total.Rejections[id]), null,
            "Commands that were answered with an error, by name.");
        Count("received", "By", "Bytes of requests.", () => Sum().BytesIn);
        Count("sent", "By", "Bytes of replies.", () => Sum().BytesOut);
        Count("connections", null, "Connections that were made.", () => server.Clients.TotalConnections);
        Count("connections.rejected", null, "Connections that were refused because there were too many.", () => server.Clients.Rejected);
        Gauge("clients", "Connections of now, those of other instances included.", () => server.Clients.Count);
        Gauge("clients.blocked", "Clients that wait for others.", () => server.Blocked.Count);
    }

    public void Dispose() => meter.Dispose();

    private void Count(string name, string? unit, string description, Func<long> read) =>
        meter.CreateObservableCounter("hal.gateway." + name, () => new Measurement<long>(read(), label), unit, description);

    private void Gauge(string name, string description, Func<long> read) =>
        meter.CreateObservableGauge("hal.gateway." + name, () => new Measurement<long>(read(), label), null, description);

    private IEnumerable<Measurement<long>> Commands(Func<ClientCounters, int, long> read)
    {
        ClientCounters total = Sum();
        return server.Table.All.Where(spec => spec.Id >= 0 && read(total, spec.Id) > 0)
            .Select(spec => new Measurement<long>(read(total, spec.Id), label, new KeyValuePair<string, object?>("command", spec.FullName)));
    }

    private ClientCounters Sum()
    {
        lock (gate)
        {
            long now = server.Time.GetTimestamp();
            if (sum == null || server.Time.GetElapsedTime(summedAt, now) > SumAge)
                (sum, summedAt) = (server.Counters.Total(server.Clients, server.Table.All.Count), now);
            return sum;
        }
    }
}
