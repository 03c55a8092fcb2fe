using System.Security.Cryptography;
using Hal.Cache.Coherence;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Storage;

namespace Hal.Cache.Silo;

/// <summary>
/// What an instance of a tree keeps beside its data from start to start: its number, its sessions or its epochs, and who holds copies of
/// its keys. One that keeps data in memory only is a new instance, in a new epoch, at each start.
/// </summary>
internal sealed class TreeState : ISessionCounter
{
    private const int SequenceBits = 44;
    private const int EpochBits = 63 - SequenceBits;

    private readonly DurableCounter? sessions;
    private uint session;

    /// <summary>Opens the state; throws <see cref="IOException"/> or <see cref="InvalidDataException"/> where it can't be read or written.</summary>
    public TreeState(SiloOptions options)
    {
        bool isRoot = options.Role == Contracts.Instances.InstanceRole.Root;
        if (options.MemoryOnly)
        {
            Instance = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
            Epoch = isRoot ? (uint)RandomNumberGenerator.GetInt32(1, 1 << EpochBits) : 0;
            VersionFloor = FloorOf(Epoch);
            Holders = new Forgetful();
            return;
        }

        Instance = DataPlace.InstanceOf(options.Data);
        Holders = new HolderLog(options.Data);
        if (isRoot)
            Epoch = (uint)new DurableCounter(options.Data, "hal-epoch").Next();
        else
            sessions = new DurableCounter(options.Data, "hal-session");
        VersionFloor = FloorOf(Epoch);
    }

    /// <summary>Number of the instance, which no other has.</summary>
    public ulong Instance { get; }

    /// <summary>A root's epoch, above all earlier ones; 0 elsewhere.</summary>
    public uint Epoch { get; }

    /// <summary>
    /// Every version that a root gives in this epoch is above it. It begins at a place of chance in the epoch's first half: a data directory
    /// that was emptied, or restored from a backup, counts its epochs again, and copies below that are left of those that went must not pass for
    /// what has the same version now.
    /// </summary>
    public long VersionFloor { get; }

    public IHolderLog Holders { get; }

    public uint Next() => sessions != null ? (uint)sessions.Next() : Interlocked.Increment(ref session);

    private static long FloorOf(uint epoch) =>
        epoch == 0 ? 0 : ((long)epoch << SequenceBits) | (BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & ((1L << (SequenceBits - 1)) - 1));

    // Who held copies of the data that went with the last process is not known: a root in memory waits for all leases at its start.
    private sealed class Forgetful : IHolderLog
    {
        public IReadOnlyCollection<ulong>? Known => null;

        public bool TryAdd(ulong instance) => true;

        public void ForgetEarlier()
        {
            // Nothing is kept.
        }
    }
}
