using System.Collections.Concurrent;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Testing.ControlPlane;

/// <summary>A store in memory that outlives the control planes that use it, and fails on demand.</summary>
public sealed class MemoryControlPlaneStore : IControlPlaneStore
{
    private readonly ConcurrentDictionary<(StoredKind Kind, string Key), StoredRecord> records = new();
    private readonly ConcurrentDictionary<(StoredKind Kind, string Key), long> doubtful = new();
    private long version;

    /// <summary>What every call answers, while set.</summary>
    public CacheError? Failure { get; set; }

    /// <summary>Puts and deletes that are still taken; after them the store is as away.</summary>
    public int WritesLeft { get; set; } = int.MaxValue;

    /// <summary>Puts whose answer is still to be lost: they are taken, and answered as if the store were away.</summary>
    public int AnswersLost { get; set; }

    public IReadOnlyList<StoredRecord> Records => [.. records.Values];

    public Task<Result<IReadOnlyList<StoredRecord>>> LoadAllAsync(CancellationToken cancellation) =>
        Task.FromResult<Result<IReadOnlyList<StoredRecord>>>(Failure is { } failure ? failure : records.Values.ToList());

    public Task<Result<IReadOnlyList<StoredRecord>>> LoadAsync(StoredKind kind, string keyStart, CancellationToken cancellation) =>
        Task.FromResult<Result<IReadOnlyList<StoredRecord>>>(
            Failure is { } failure ? failure : records.Values.Where(r => r.Kind == kind && r.Key.StartsWith(keyStart, StringComparison.Ordinal)).ToList());

    public Task<Result<long>> PutAsync(StoredKind kind, string key, ReadOnlyMemory<byte> value, long replaces, CancellationToken cancellation)
    {
        if (FailureOfWrite() is { } failure) return Task.FromResult<Result<long>>(failure);
        // Who had no answer has the version before, and may write over what was taken of it.
        var isAgain = doubtful.TryRemove((kind, key), out var before) && before == replaces;
        if (!isAgain && (records.TryGetValue((kind, key), out var stored) ? stored.Version : 0) != replaces) return Task.FromResult<Result<long>>(Changed(key));
        var next = Interlocked.Increment(ref version);
        records[(kind, key)] = new StoredRecord(kind, key, next, value.ToArray());
        if (AnswersLost == 0) return Task.FromResult<Result<long>>(next);
        AnswersLost--;
        doubtful[(kind, key)] = replaces;
        return Task.FromResult<Result<long>>(new CacheError(CacheErrorCode.Unavailable, "the store's answer was lost"));
    }

    public Task<Result<Done>> DeleteAsync(StoredKind kind, string key, long version, CancellationToken cancellation)
    {
        if (FailureOfWrite() is { } failure) return Task.FromResult<Result<Done>>(failure);
        if (records.TryGetValue((kind, key), out var stored) && stored.Version != version) return Task.FromResult<Result<Done>>(Changed(key));
        records.TryRemove((kind, key), out _);
        return Task.FromResult<Result<Done>>(Done.Value);
    }

    private CacheError? FailureOfWrite() => Failure ?? (WritesLeft-- > 0 ? null : new CacheError(CacheErrorCode.Unavailable, "the store takes no more writes"));

    private static CacheError Changed(string key) => new(CacheErrorCode.Changed, $"'{key}' is stored with another version");
}
