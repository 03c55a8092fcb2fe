using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node;

/// <summary>
/// The instance's keys: what the store holds, and behind it what the origins have. Lookups run under the lock of the key's shard and
/// never wait; what they miss they tell as a <see cref="Fault"/>, which <see cref="ResolveAsync"/> awaits without locks.
/// </summary>
/// <remarks>
/// The gateway uses this surface and no more: <see cref="TryFind"/>, <see cref="ResolveAsync"/>, <see cref="OpenReader"/> and
/// <see cref="TryMatchOrigin"/>. ResolveAsync answers NotFound where the origin has no such object: the gateway then takes the key for
/// absent until the command ends, so that a missing object costs one question per command and nothing has to be remembered here.
/// </remarks>
public sealed class Keyspace(IBlobStore store, IOriginTable origins, TimeProvider time)
{
    private readonly bool hasOrigins = origins.Mounts.Count > 0;

    public IBlobStore Store => store;

    public IOriginTable Origins => origins;

    public TimeProvider Time => time;

    /// <summary>True with the entry, or none, when the command can go on; false with what to await. Needs the lock.</summary>
    public bool TryFind(in BlobKey key, Need need, ref WriteScope scope, out EntryRef entry, out Fault fault)
    {
        entry = store.Find(key, ref scope);
        if (entry.IsNone || (need == Need.Value && entry.IsOnDisk && !entry.IsLarge)) return TryFindSlow(key, need, entry, out fault);
        fault = default;
        return true;
    }

    /// <summary>Awaits what a lookup missed; null when the command may run again. Without locks.</summary>
    public ValueTask<CacheError?> ResolveAsync(Fault fault, CancellationToken cancellation) => fault.Kind switch
    {
        FaultKind.None => default,
        FaultKind.Room => store.MakeRoomAsync(fault.Bytes, cancellation),
        FaultKind.Load => store.LoadAsync(fault.Database, fault.Key, cancellation),
        _ => new(new CacheError(CacheErrorCode.NotFound, "The origin has no such object.")),
    };

    /// <summary>A reader of bytes of a large value, which stays readable until the reader is disposed of. Needs the lock.</summary>
    public ValueReader OpenReader(in BlobKey key, in EntryRef entry, long start, long length) =>
        new(store.Large(entry), start, length);

    /// <summary>Whether an origin is behind the key: it is then read-only for clients.</summary>
    public bool TryMatchOrigin(ReadOnlySpan<byte> key, out OriginMount? mount)
    {
        mount = null;
        return hasOrigins && origins.TryMatch(key, out mount);
    }

    private static bool TryFindSlow(in BlobKey key, Need need, EntryRef entry, out Fault fault)
    {
        fault = entry.IsNone ? default : new(FaultKind.Load, need, key.Database, key.Bytes.ToArray(), 0);
        return entry.IsNone;
    }
}
