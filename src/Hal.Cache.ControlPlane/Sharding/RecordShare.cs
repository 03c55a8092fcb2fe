namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>What one ownership record has of one instance.</summary>
/// <param name="Life">Which life of the record answers: one that lost its memory has another.</param>
/// <param name="IsTold">The instance's content has been compared with this life's and found equal.</param>
/// <param name="Digest">Sum of <paramref name="Slots"/>.</param>
/// <param name="Slots">Digest of each slot; empty where they were not asked for.</param>
public sealed record RecordShare(string Life, bool IsTold, ulong Digest, long Keys, long Bytes, IReadOnlyList<ulong> Slots);
