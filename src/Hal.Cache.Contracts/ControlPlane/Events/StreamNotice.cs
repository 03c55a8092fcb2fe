namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What a subscriber has to know beside events.</summary>
public sealed record StreamNotice(StreamNoticeKind Kind, string Message)
{
    /// <summary>Events that are lost to this subscriber; null where the number is not known.</summary>
    public long? Lost { get; init; }
}
