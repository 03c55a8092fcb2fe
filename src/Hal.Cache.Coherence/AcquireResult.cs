namespace Hal.Cache.Coherence;

/// <summary>What became of an acquire, and the ticket that its answer waits for, 0 for none.</summary>
public readonly record struct AcquireResult(AcquireOutcome Outcome, long Ticket);
