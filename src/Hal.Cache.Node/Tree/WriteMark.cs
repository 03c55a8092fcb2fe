namespace Hal.Cache.Node.Tree;

/// <summary>
/// Travels with a write that an instance forwards and whose result it wants to hold: its number, its session, and the flight that it has
/// opened for that; a flight of 0 is none.
/// </summary>
public readonly record struct WriteMark(ulong Instance, uint Session, uint Flight)
{
    /// <summary>Whether the instance wants to be registered.</summary>
    public bool IsSet => Flight != 0;

    internal long Handle => ((long)Session << 32) | Flight;
}
