namespace Hal.Cache.Coherence;

/// <summary>
/// The copies in the host's store. Every call is made under the holder's lock and may take the key's shard lock; each must be done when it
/// returns, for the holder acknowledges right after.
/// </summary>
public interface ICopies
{
    /// <summary>The copy of exactly this key.</summary>
    CopyState? TryGet(in ObjectKey key);

    /// <summary>A copy of any key of this id has a registration above the one given.</summary>
    bool HasAny(KeyId key, long above);

    /// <summary>Stores the copy whose bytes the flight has brought, or changes only the registration of a copy of that very version.</summary>
    void Put(in ObjectKey key, long flight, in CopyUpdate copy);

    /// <summary>Every copy of this id with a version below the one given serves no more: it is dropped, or its registration set to <see cref="CopyHolder.Suspect"/>.</summary>
    void Invalidate(KeyId key, long below);

    /// <summary>No copy serves any more; that they don't, the registrations see to.</summary>
    void InvalidateAll()
    {
    }
}
