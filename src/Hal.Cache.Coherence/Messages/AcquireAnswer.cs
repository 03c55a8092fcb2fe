namespace Hal.Cache.Coherence.Messages;

/// <summary>What the authority answers to one <see cref="AcquireItem"/>.</summary>
public sealed record AcquireAnswer(ObjectKey Key, uint Flight, long Version, AcquireStatus Status)
{
    /// <summary>Length of the value, in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Checksum of the value, of the kind that the hosts agree on; 0 where there is none.</summary>
    public ulong Checksum { get; init; }

    /// <summary>Time until the key expires, by the authority's clock; null where it does not.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The key never changes: the copy needs neither registration nor lease.</summary>
    public bool Immutable { get; init; }

    /// <summary>Some instances that have the version, or fetch it.</summary>
    public IReadOnlyList<ulong> Holders { get; init; } = [];

    /// <summary>The host's own: a small value's bytes or what else travels with the answer.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }
}
