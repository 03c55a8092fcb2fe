namespace Hal.Cache.Testing.Simulation;

/// <summary>The operations on one key that a history knows.</summary>
public enum OperationKind
{
    Read,
    Set,
    Increment,
    Delete,
}
