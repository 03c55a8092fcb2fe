using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Node.Fetch;

/// <summary>Where the bytes of one version of a large object come from.</summary>
internal sealed record ObjectSource(MountState Mount, int Database, byte[] Key, OriginObject Version);
