namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>Failures of a source at a destination, as far as they had faded when the view was made.</summary>
public sealed record ViewedFailure(string Source, string Destination, double Count);
