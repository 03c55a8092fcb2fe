namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>An instance, and how long it had been silent when the view was made.</summary>
public sealed record ViewedInstance(string Name, TimeSpan Silence);
