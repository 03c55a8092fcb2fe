namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What the content map has for one instance.</summary>
public sealed record InstanceContent(string Instance, long Keys, long Bytes);
