using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Server;

/// <summary>What the last one to two seconds brought, by the second: INFO's instantaneous values. Connections' counts are summed once a second for it. Thread-safe.</summary>
internal sealed class RecentRates(CommandCounters counters, ClientRegistry clients, TimeProvider time) : IDisposable
{
    /// <summary>How often is looked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly long startedAt = time.GetTimestamp();
    private Sample last;
    private Sample before;
    private ITimer? timer;

    /// <summary>Commands, and bytes received and sent, in a second.</summary>
    public (double Commands, double BytesIn, double BytesOut) Now
    {
        get
        {
            Sample now = Look();
            Sample since;
            lock (gate)
                since = before.At != 0 ? before : last;
            double seconds = Math.Max(Interval.TotalSeconds, time.GetElapsedTime(since.At == 0 ? startedAt : since.At).TotalSeconds);
            return ((now.Commands - since.Commands) / seconds, (now.BytesIn - since.BytesIn) / seconds, (now.BytesOut - since.BytesOut) / seconds);
        }
    }

    public void Start() => timer ??= time.CreateTimer(_ => Note(), null, Interval, Interval);

    public void Dispose() => timer?.Dispose();

    private void Note()
    {
        Sample now = Look();
        lock (gate)
            (before, last) = (last, now);
    }

    private Sample Look()
    {
        (long commands, long bytesIn, long bytesOut) = counters.Traffic(clients);
        return new(time.GetTimestamp(), commands, bytesIn, bytesOut);
    }

    private readonly record struct Sample(long At, long Commands, long BytesIn, long BytesOut);
}
