namespace Hal.Cache.Coherence.Tests.Support;

internal sealed class MemoryCopies : ICopies
{
    public Dictionary<ObjectKey, CopyState> Stored { get; } = [];

    public Dictionary<ObjectKey, long> Expiries { get; } = [];

    public CopyState? TryGet(in ObjectKey key) => Stored.TryGetValue(key, out var copy) ? copy : null;

    public bool HasAny(KeyId key, long above) => Stored.Any(c => c.Key.Id == key && c.Value.Registration > above);

    public void Put(in ObjectKey key, uint flight, in CopyUpdate copy)
    {
        Stored[key] = new CopyState(copy.Version, copy.Registration, copy.Absent);
        Expiries[key] = copy.ExpiresAt;
    }

    public void Invalidate(KeyId key, long below)
    {
        foreach (var (stored, copy) in Stored.Where(c => c.Key.Id == key && c.Value.Version < below).ToArray())
            Stored[stored] = copy with { Registration = CopyHolder.Suspect };
    }
}
