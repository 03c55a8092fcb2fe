using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// Cuts clients for which more has waited than the soft limit of <c>client-output-buffer-limit</c> for too long, also where nothing more comes for them.
/// What is beyond a hard limit is cut where it comes. Thread-safe.
/// </summary>
internal sealed class OutputWatch(ClientRegistry clients, OutputLimits limits, TimeProvider time) : IDisposable
{
    /// <summary>How often is looked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private ITimer? timer;

    public void Start() => timer ??= time.CreateTimer(_ => Look(), null, Interval, Interval);

    public void Dispose() => timer?.Dispose();

    private void Look()
    {
        foreach (ClientSession client in clients.Unordered)
        {
            long since = client.AboveSoftSince;
            if (!limits.Permits(client, client.OutputBytes, ref since)) client.CutForOutput();
            client.AboveSoftSince = since;
        }
    }
}
