namespace Hal.Cache.ControlPlane.Content;

/// <summary>What one instance has in one content map.</summary>
internal sealed class InstanceShare
{
    public const int Bytes = 64 + (24 + (Ownership.HashSlot.PerRecord * sizeof(ulong)));

    /// <summary>Digest of each slot.</summary>
    public readonly ulong[] Digests = new ulong[Ownership.HashSlot.PerRecord];

    /// <summary>Sum of <see cref="Digests"/>.</summary>
    public ulong Digest;

    public long Keys;

    public long SizeBytes;

    /// <summary>Slots that a repair is going through, a bit each.</summary>
    public ulong Repairing;

    /// <summary>Number of the repair, modulo 256: a copy that is told 256 repairs ago passes for told, and the next digests find it.</summary>
    public byte Repair;

    public void Count(int slot, ulong digest, long sizeBytes, int sign)
    {
        if (sign < 0) digest = 0 - digest;
        Digests[slot] += digest;
        Digest += digest;
        Keys += sign;
        SizeBytes += sign * sizeBytes;
    }
}
