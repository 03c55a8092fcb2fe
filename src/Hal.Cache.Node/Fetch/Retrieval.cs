namespace Hal.Cache.Node.Fetch;

/// <summary>How bytes came here: from an instance, or from an origin (null), and the milliseconds from the miss to the last byte.</summary>
public sealed record Retrieval(string? Source, double Milliseconds);
