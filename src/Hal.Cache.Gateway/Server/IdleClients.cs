using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// Closes clients that have sent nothing for as long as <c>timeout</c> says; not those that wait for a command's end or for messages.
/// </summary>
internal sealed class IdleClients(ClientRegistry clients, TimeProvider time)
{
    /// <summary>How often is looked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private ITimer? timer;
    private TimeSpan timeout;

    /// <summary>Longest time without a request; zero closes nobody.</summary>
    public TimeSpan Timeout
    {
        get => timeout;
        set
        {
            lock (gate)
            {
                timeout = value;
                timer?.Dispose();
                timer = value > TimeSpan.Zero ? time.CreateTimer(_ => Look(), null, Interval, Interval) : null;
            }
        }
    }

    private void Look()
    {
        long limit = (long)timeout.TotalMilliseconds;
        if (limit == 0) return;
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (ClientSession client in clients.All)
        {
            bool listens = client.IsMonitor || client.IsWaiting || client.Peer is not null || (client.Modes & ClientModes.Subscribed) != 0;
            if (!listens && now - client.ActiveAt > limit) client.Abort();
        }
    }
}
