namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>An instance's digests after the change <see cref="Sequence"/>.</summary>
public sealed record DigestQuery
{
    public required string Instance { get; init; }

    public required long Epoch { get; init; }

    public required long Sequence { get; init; }

    public required DigestLevel Level { get; init; }

    public required IReadOnlyList<ContentDigest> Digests { get; init; }
}
