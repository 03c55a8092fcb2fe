using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Finds a null inside a list of a message: the serializer refuses null members, but not null items.</summary>
internal static class NullItems
{
    /// <summary>The list's name, or null where every item is there.</summary>
    public static string? In(object body) => body switch
    {
        InstanceRegistration r => Has(r.Slots) ? "slots" : null,
        Heartbeat h => Has(h.PopularKeys) ? "popularKeys" : Has(h.Links) ? "links" : null,
        EventBatch b => Has(b.Events) ? "events" : Has(b.Marks) || b.Marks.Any(m => Has(m.Slots)) ? "marks" : Has(b.Fetches) ? "fetches" : null,
        DigestQuery d => Has(d.Digests) ? "digests" : null,
        RouteRequest r => Has(r.Exclude) ? "exclude" : null,
        KeySelection s => Selection(s),
        AffinityRequest a => Has(a.Candidates) ? "candidates" : Selection(a.Selection),
        PrestageRequest p => Has(p.Instances) ? "instances" : Selection(p.Selection),
        PinRequest p => Selection(p.Selection),
        Page<LinkObservation> p => Has(p.Items) ? "items" : null,
        Page<SlotRange> p => Has(p.Items) ? "items" : null,
        _ => null,
    };

    private static string? Selection(KeySelection selection) => Has(selection.Prefixes) ? "prefixes" : null;

    private static bool Has<T>(IReadOnlyList<T>? list)
        where T : class
    {
        if (list is null) return false;
        foreach (var item in list)
        {
            if (item is null) return true;
        }
        return false;
    }
}
