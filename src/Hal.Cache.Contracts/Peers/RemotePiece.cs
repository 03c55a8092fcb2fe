using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Contracts.Peers;

/// <summary>Bytes that lie in a peer's memory, which may give them up at any time, and their CRC-32C.</summary>
public readonly record struct RemotePiece(IRemoteMemory Memory, long Offset, int Bytes, uint Checksum)
{
    /// <summary>Bytes that are copied before they are looked at: less than a processor's first cache.</summary>
    private const int StepBytes = 16 << 10;

    /// <summary>Copies them; false where they are gone.</summary>
    public bool TryCopy(Span<byte> to)
    {
        uint sum = 0;
        for (int done = 0; done < Bytes; done += StepBytes)
        {
            Span<byte> part = to[done..Math.Min(Bytes, done + StepBytes)];
            if (!Memory.TryRead(Offset + done, part))
                return false;
            sum = Crc32C.Append(sum, part);
        }

        return sum == Checksum;
    }
}
