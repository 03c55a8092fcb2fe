namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>Bytes that wait to be sent by an instance.</summary>
public sealed record ViewedQueue(string Instance, long Bytes);
