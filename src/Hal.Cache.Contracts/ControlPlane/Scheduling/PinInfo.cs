namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A pin.</summary>
public sealed record PinInfo
{
    public required string Pin { get; init; }

    public required PinRequest Request { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Keys that the selection had when the pin was made; keys that come later under its prefixes are kept as well.</summary>
    public long Keys { get; init; }

    /// <summary>Bytes of those of them that were somewhere when the pin was made.</summary>
    public long Bytes { get; init; }
}
