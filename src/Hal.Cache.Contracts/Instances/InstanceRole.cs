namespace Hal.Cache.Contracts.Instances;

/// <summary>An instance's place in its tree; one that stands alone is a root.</summary>
public enum InstanceRole
{
    Root,
    Branch,
    Leaf,
}
