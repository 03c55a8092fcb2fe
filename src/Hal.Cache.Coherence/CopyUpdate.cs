namespace Hal.Cache.Coherence;

/// <summary>
/// How a copy is to be stored: the version, the registration to keep beside it (<see cref="CopyHolder.Suspect"/> for one that must be
/// acquired before it serves), when it has to be asked for anew, and whether it says that the key does not exist.
/// </summary>
public readonly record struct CopyUpdate(long Version, long Registration, long ExpiresAt, bool Absent);
