using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

// The roles that a tree has one grain for, by the tree's name. They add nothing to the roles, so that a call by the plain interface is a
// call of the grain.

/// <summary>The registry of a tree.</summary>
internal interface IInstancesGrain : IInstances, IGrainWithStringKey;

/// <summary>The links of a tree.</summary>
internal interface ITopologyGrain : ITopology, IGrainWithStringKey;

/// <summary>The routes of a tree.</summary>
internal interface IRoutingGrain : IRouting, IGrainWithStringKey;

/// <summary>The slots of a tree.</summary>
internal interface IOwnershipGrain : IOwnership, IGrainWithStringKey;

/// <summary>The jobs, pins and manifests of a tree.</summary>
internal interface ISchedulingGrain : IScheduling, IGrainWithStringKey;

/// <summary>The batches of a tree.</summary>
internal interface IBatchesGrain : IBatches, IGrainWithStringKey;

/// <summary>The use of a tree.</summary>
internal interface IAnalyticsGrain : IAnalytics, IGrainWithStringKey;
