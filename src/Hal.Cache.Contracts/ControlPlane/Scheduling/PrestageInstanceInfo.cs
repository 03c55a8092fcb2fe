namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A prestage job at one instance.</summary>
public sealed record PrestageInstanceInfo(string Instance, long KeysDone, long KeysFailed, long KeysLeft);
