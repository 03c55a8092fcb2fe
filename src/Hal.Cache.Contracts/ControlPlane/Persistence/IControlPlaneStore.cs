namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What the control plane keeps over restarts: small records by (kind, key), each with a version.</summary>
/// <remarks>
/// A write is durable when its call ends. Versions guard against two writers: a put or delete names the version that it replaces, 0 for
/// none, and answers Changed where another one is stored. Unavailable: the store can't be reached; NoRoom: it is full.
/// </remarks>
public interface IControlPlaneStore
{
    /// <summary>Longest key, in characters.</summary>
    const int KeyLengthMax = 256;

    /// <summary>Longest value, in bytes; lists beyond it are split over records by the control plane.</summary>
    const int ValueBytesMax = 1 << 20;

    /// <summary>Every record, in no order; made ready (schema, files) by the first call.</summary>
    Task<Result<IReadOnlyList<StoredRecord>>> LoadAllAsync(CancellationToken cancellation);

    /// <summary>Records of a kind whose keys begin so, in no order.</summary>
    Task<Result<IReadOnlyList<StoredRecord>>> LoadAsync(StoredKind kind, string keyStart, CancellationToken cancellation);

    /// <summary>Stores a value in the place of the version given and answers the new version, which is above all former ones of the key.</summary>
    Task<Result<long>> PutAsync(StoredKind kind, string key, ReadOnlyMemory<byte> value, long replaces, CancellationToken cancellation);

    /// <summary>Deletes the version given; what is not there is deleted already.</summary>
    Task<Result<Done>> DeleteAsync(StoredKind kind, string key, long version, CancellationToken cancellation);
}
