using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>An instance as affinity needs it.</summary>
internal readonly record struct AffinityInstance(ushort Number, string Name, InstanceState State);
