namespace Hal.Cache.ControlPlane.Tests.Scale;

/// <summary>Tests that measure memory or speed: no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
