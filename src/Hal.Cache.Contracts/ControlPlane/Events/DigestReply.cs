namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Which digests differ.</summary>
public sealed record DigestReply
{
    /// <summary>Sequence of the last change taken; where it is not the query's, nothing was compared.</summary>
    public required long AppliedSequence { get; init; }

    public required bool Compared { get; init; }

    public IReadOnlyList<int> Differing { get; init; } = [];
}
