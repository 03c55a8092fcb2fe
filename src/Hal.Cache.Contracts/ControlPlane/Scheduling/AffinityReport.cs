namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>How warm candidates are for a set of keys.</summary>
public sealed record AffinityReport
{
    /// <summary>Keys in the selection, doubles counted once.</summary>
    public required long Keys { get; init; }

    /// <summary>Bytes of the keys that somebody holds.</summary>
    public required long Bytes { get; init; }

    /// <summary>Keys that nobody holds, whose size is therefore not known; they count as missing everywhere, with no bytes.</summary>
    public required long KeysUnknown { get; init; }

    /// <summary>By falling score.</summary>
    public required IReadOnlyList<CandidateAffinity> Candidates { get; init; }
}
