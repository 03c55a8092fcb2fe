using Hal.Cache.Coherence;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>What a leaf keeps over a crash, for its holders of all authorities together: copies, its number, its sessions.</summary>
internal sealed class SimDisk(int node) : ISessionCounter
{
    private uint sessions;

    public Dictionary<int, SimLeaf.Copy> Copies { get; } = [];

    public ulong Instance { get; private set; } = (ulong)node * 1000;

    public uint Next() => ++sessions;

    public void Lose()
    {
        Copies.Clear();
        sessions = 0;
        Instance++;
    }
}
