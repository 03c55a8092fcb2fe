using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>
/// One link that is a process's own, while the tree that it is a link of has a picture of it: what is configured, which the store has, and what is
/// measured, which the picture gives back. Not thread-safe: its host serialises access.
/// </summary>
public sealed class LinkHost : IDisposable
{
    /// <summary>How old the tree's picture of a link may become while the link is observed.</summary>
    public static readonly TimeSpan NewsAge = TimeSpan.FromSeconds(10);

    private readonly DurableState durable;
    private readonly TimeProvider time;
    private readonly LinkState link;
    private Told? told;
    private bool isChanged;

    public LinkHost(string from, string to, IControlPlaneStore? store, TimeProvider time)
    {
        (durable, this.time) = (new DurableState(store), time);
        link = new LinkState(from, to);
    }

    private string StoredKey => TopologyHost.StoredKey(link.From, link.To);

    /// <summary>The tree's picture is not what it should be: settings have changed, a figure has moved, or the picture has become old.</summary>
    public bool HasNews =>
        isChanged
        || (link.ObservedAt is { } seen
            && (told is null
                || seen > told.At + NewsAge
                || LinkState.HasMoved(told.LatencyMs, link.LatencyMs)
                || LinkState.HasMoved(told.Bandwidth, link.BandwidthBytesPerSecond)));

    /// <summary>Takes what is stored of the link.</summary>
    public async Task<CacheError?> LoadAsync(CancellationToken cancellation)
    {
        var loaded = await durable.LoadAsync(StoredKind.Link, StoredKey, cancellation);
        if (!loaded.IsOk) return loaded.Error;
        // Another link's key may begin with this one's.
        if (loaded.Value.FirstOrDefault(r => r.Key == StoredKey) is not { } record) return null;
        try
        {
            link.Configured = JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.LinkSettings)?.Figures;
            return null;
        }
        catch (JsonException damaged)
        {
            return new CacheError(CacheErrorCode.Corrupt, $"the stored link from '{link.From}' to '{link.To}' can't be read: {damaged.Message}");
        }
    }

    /// <summary>Takes up what the tree saw of the link before this life of it.</summary>
    public void Recall(Link picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        link.Recall(picture.Measured, picture.ObservedAt);
    }

    /// <summary>Configures the link, in the store first.</summary>
    public Task<Result<Link>> SetAsync(LinkSettings settings, CancellationToken cancellation) => durable.ChangeAsync<Link>(
        async () =>
        {
            ArgumentNullException.ThrowIfNull(settings);
            if (TopologyHost.Check(settings) is { } wrong) return wrong;
            if (await durable.PutAsync(StoredKind.Link, StoredKey, settings, StoredJson.Default.LinkSettings, cancellation) is { } error) return error;
            (link.Configured, isChanged) = (settings.Figures, true);
            return link.Describe();
        },
        cancellation);

    /// <summary>Takes the settings back; what is measured stays.</summary>
    public Task<Result<Done>> RemoveAsync(CancellationToken cancellation) => durable.ChangeAsync<Done>(
        async () =>
        {
            if (await durable.DeleteAsync(StoredKind.Link, StoredKey, cancellation) is { } error) return error;
            (link.Configured, isChanged) = (null, true);
            return Done.Value;
        },
        cancellation);

    /// <summary>Averages in what was seen; what makes no sense is passed over.</summary>
    public void Observe(IEnumerable<LinkObservation> observations)
    {
        ArgumentNullException.ThrowIfNull(observations);
        foreach (var seen in observations.Where(LinkState.IsSane)) link.Observe(seen, time.GetUtcNow());
    }

    public Link Describe() => link.Describe();

    /// <summary>The tree has the link as it was described; without that it is told again.</summary>
    public void Tell(Link described)
    {
        ArgumentNullException.ThrowIfNull(described);
        if (described.Configured == link.Configured) isChanged = false;
        told = new Told(time.GetUtcNow(), described.Effective.LatencyMs ?? 0, described.Effective.BandwidthBytesPerSecond ?? 0);
    }

    /// <summary>Forgets what was measured, as where an end of the link has left.</summary>
    public void Forget()
    {
        link.Forget();
        told = null;
    }

    public void Dispose() => durable.Dispose();

    private sealed record Told(DateTimeOffset At, double LatencyMs, double Bandwidth);
}
