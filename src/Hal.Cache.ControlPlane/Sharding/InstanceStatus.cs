namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>How far an instance's changes are taken, and what of it is known.</summary>
public sealed record InstanceStatus(long AppliedSequence, bool IsVerified, long Keys, long Bytes);
