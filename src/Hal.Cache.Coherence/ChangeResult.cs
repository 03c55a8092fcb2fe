namespace Hal.Cache.Coherence;

/// <summary>The ticket that a change's reply waits for, 0 where it is published already, and then whether its writer was registered.</summary>
public readonly record struct ChangeResult(long Ticket, bool WriterRegistered);
