using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Pins in the store: a head and, where there are more keys than it takes, these in parts.</summary>
internal sealed class PinRecords(DurableState durable)
{
    /// <summary>The pins that were stored; one without all its parts was never acknowledged, and is left out.</summary>
    public static IEnumerable<PinInfo> Load(IReadOnlyList<StoredRecord> records)
    {
        var stored = records.Where(r => r.Kind == StoredKind.Pin).ToDictionary(r => r.Key, r => r.Value, StringComparer.Ordinal);
        foreach (var (pin, value) in stored.Where(s => KeyParts.Owner(s.Key) is null))
        {
            if (JsonSerializer.Deserialize(value.Span, StoredJson.Default.StoredPin) is not { } head) continue;
            var parts = Enumerable.Range(0, head.Parts ?? 0).Select(i => KeyParts.Name(pin, i)).ToArray();
            if (!parts.All(stored.ContainsKey)) continue;
            var info = new PinInfo { Pin = head.Pin, Request = head.Request, CreatedAt = head.CreatedAt, Keys = head.Keys, Bytes = head.Bytes };
            yield return parts.Length == 0
                ? info
                : With(info, [.. parts.SelectMany(p => JsonSerializer.Deserialize(stored[p].Span, StoredJson.Default.IReadOnlyListCacheKey)!)]);
        }
    }

    /// <summary>Stores a new pin, its head last; only in the turn of durable changes, as all below.</summary>
    public async Task<CacheError?> StoreAsync(PinInfo pin, CancellationToken cancellation)
    {
        var parts = KeyParts.Split(pin.Request.Selection.Keys).ToArray();
        // Few keys stay in the head, as every version reads them.
        if (parts.Length < 2) return await PutHeadAsync(pin, null, cancellation);
        for (var part = 0; part < parts.Length; part++)
        {
            if (await durable.PutAsync(StoredKind.Pin, KeyParts.Name(pin.Pin, part), parts[part], StoredJson.Default.IReadOnlyListCacheKey, cancellation) is { } error) return await UndoneAsync(pin.Pin, error);
        }
        return await PutHeadAsync(With(pin, []), parts.Length, cancellation) is { } failed ? await UndoneAsync(pin.Pin, failed) : null;
    }

    /// <summary>Deletes all of a pin. Head first: parts without a head are nothing.</summary>
    public async Task<CacheError?> ForgetAsync(string pin, CancellationToken cancellation)
    {
        if (await durable.DeleteAsync(StoredKind.Pin, pin, cancellation) is { } error) return error;
        foreach (var name in durable.Keys(StoredKind.Pin, $"{pin}/"))
        {
            if (await durable.DeleteAsync(StoredKind.Pin, name, cancellation) is { } failed) return failed;
        }
        return null;
    }

    // Nobody would look at the parts again. What can't be deleted either stays.
    private async Task<CacheError> UndoneAsync(string pin, CacheError why)
    {
        _ = await ForgetAsync(pin, CancellationToken.None);
        return why;
    }

    private Task<CacheError?> PutHeadAsync(PinInfo pin, int? parts, CancellationToken cancellation) => durable.PutAsync(
        StoredKind.Pin, pin.Pin, new StoredPin(pin.Pin, pin.Request, pin.CreatedAt, pin.Keys, pin.Bytes, parts), StoredJson.Default.StoredPin, cancellation);

    private static PinInfo With(PinInfo pin, IReadOnlyList<CacheKey> keys) =>
        pin with { Request = pin.Request with { Selection = pin.Request.Selection with { Keys = keys } } };
}
