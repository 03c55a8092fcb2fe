namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What went from one instance to another.</summary>
public sealed record LinkUsage(string From, string To, long Bytes, long Objects, double Money);
