namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>One instance's changes to one ownership record, in their order; the keys go beside them, one a change, as one block.</summary>
public sealed record RecordChanges
{
    public required string Instance { get; init; }

    /// <summary>Which life of the instance's host tells, and the number of the batch in it: what comes later than a later one is passed over.</summary>
    public required string Feed { get; init; }

    public required long Number { get; init; }

    /// <summary>What each change is, by <see cref="RecordChangeKind"/>.</summary>
    public required byte[] Kinds { get; init; }

    /// <summary>Sizes in bytes, one a change; 0 where the kind has none.</summary>
    public required long[] Sizes { get; init; }

    /// <summary>Versions, one a change; 0 where the kind has none.</summary>
    public required long[] Versions { get; init; }

    /// <summary>The place of each change's event in its batch.</summary>
    public required int[] Events { get; init; }

    /// <summary>Where fetches come from, one for each that begins; null: the origin.</summary>
    public IReadOnlyList<string?> Sources { get; init; } = [];

    /// <summary>Slots of the record, a bit each, one for each repair that begins.</summary>
    public IReadOnlyList<ulong> Repairs { get; init; } = [];
}
