using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>The content map: each key by its record's grain, what is about all keys by all of them.</summary>
internal sealed class OrleansContent(Func<ITreeGrain> tree, RecordCalls records, Freshness freshness, GrainCalls calls) : IContent
{
    public async Task<Result<KeyLocation>> LocateAsync(CacheKey key, CancellationToken cancellation)
    {
        var found = await records.LocateAsync([key], freshness.AgeMs, cancellation);
        return found.IsOk ? found.Value[0].Location : found.Error;
    }

    public async Task<Result<IReadOnlyList<KeyLocation>>> LocateManyAsync(IReadOnlyList<CacheKey> keys, CancellationToken cancellation)
    {
        if (ContentRules.Check(keys) is { } wrong) return wrong;
        var found = await records.LocateAsync(keys, freshness.AgeMs, cancellation);
        return found.IsOk ? found.Value.Select(l => l.Location).ToArray() : found.Error;
    }

    public async Task<Result<Page<KeyLocation>>> LocatePrefixAsync(KeyPrefix prefix, PageRequest page, CancellationToken cancellation)
    {
        var found = await ScanAsync(prefix, null, page, freshness.AgeMs, cancellation);
        return found.IsOk ? found.Value : found.Error;
    }

    public async Task<Result<Page<ContentEntry>>> InventoryAsync(string instance, KeyPrefix? prefix, PageRequest page, CancellationToken cancellation)
    {
        var view = await calls.AskAsync(() => tree().ViewAsync(), cancellation);
        if (!view.IsOk) return view.Error;
        if (view.Value.Instances.FirstOrDefault(i => i.Name == instance) is not { } known) return ContentRules.Unknown(instance);
        var found = await ScanAsync(prefix, instance, page, IKeyOwnershipGrain.NoView, cancellation);
        if (!found.IsOk) return found.Error;
        if (known.Silence > view.Value.GoneAfter) return new Page<ContentEntry>([], null);
        var entries = found.Value.Items.SelectMany(l => l.Holders.Where(h => h.Instance == instance).Select(h => new ContentEntry(l.Key, h.SizeBytes, h.Version)));
        return new Page<ContentEntry>([.. entries], found.Value.Next);
    }

    public async Task<Result<ContentTotals>> TotalsAsync(CancellationToken cancellation)
    {
        var view = await calls.AskAsync(() => tree().ViewAsync(), cancellation);
        if (!view.IsOk) return view.Error;
        var totals = await records.TotalsAsync(cancellation);
        if (!totals.IsOk) return totals.Error;
        var sums = totals.Value.SelectMany(t => t.Instances).GroupBy(i => i.Instance, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => new InstanceContent(g.Key, g.Sum(i => i.Keys), g.Sum(i => i.Bytes)), StringComparer.Ordinal);
        InstanceContent[] instances =
        [
            .. view.Value.Instances.Select(i => (i.Silence <= view.Value.GoneAfter ? sums.GetValueOrDefault(i.Name) : null) ?? new InstanceContent(i.Name, 0, 0))
                .OrderBy(i => i.Instance, StringComparer.Ordinal),
        ];
        return new ContentTotals
        {
            Keys = totals.Value.Sum(t => t.Keys),
            Copies = instances.Sum(i => i.Keys),
            CopyBytes = instances.Sum(i => i.Bytes),
            IndexBytes = totals.Value.Sum(t => t.IndexBytes),
            Instances = instances,
        };
    }

    private async Task<Result<Page<KeyLocation>>> ScanAsync(KeyPrefix? prefix, string? instance, PageRequest page, int viewAgeMs, CancellationToken cancellation)
    {
        var from = ContentRules.Check(prefix, page);
        if (!from.IsOk) return from.Error;
        var scan = new RecordScan(prefix, instance, from.Value.Entry, page.Limit, ControlPlaneLimits.ScannedMax);
        var found = await records.ScanAsync(scan, from.Value, viewAgeMs, cancellation);
        return found.IsOk ? new Page<KeyLocation>(found.Value.Items, ContentRules.Cursor(found.Value.Next)) : found.Error;
    }
}
