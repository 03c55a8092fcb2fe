namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>What a tree's control plane has elsewhere: its ownership records, prestage jobs and batches.</summary>
public sealed record PlaneShards(IContentIndex Index, IPrestageJobs Jobs, IBatchRecords Batches);
