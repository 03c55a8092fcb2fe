namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>The tests that share one cluster.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
