using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>What a walk through a record found.</summary>
/// <param name="Entries">The entry of each key.</param>
/// <param name="Next">The entry to go on at; 0: the record's end.</param>
public sealed record RecordPage(IReadOnlyList<KeyLocation> Items, IReadOnlyList<int> Entries, int Next, int Scanned);
