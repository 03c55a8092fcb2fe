namespace Hal.Cache.Testing.Origins;

/// <summary>The calls of an origin that faults can be put on.</summary>
[Flags]
public enum OriginCall
{
    None = 0,
    Stat = 1,
    Open = 2,
    Read = 4,
    All = Stat | Open | Read,
}
