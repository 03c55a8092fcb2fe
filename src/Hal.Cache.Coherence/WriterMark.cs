namespace Hal.Cache.Coherence;

/// <summary>The holder that forwarded a write and wants to be registered for its result, under the flight's stamp.</summary>
public readonly record struct WriterMark(ulong Instance, uint Session, uint Flight);
