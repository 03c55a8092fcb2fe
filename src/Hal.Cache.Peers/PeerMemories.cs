using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Peers;

/// <summary>The memory of peers on this machine, one for all connections to a peer.</summary>
/// <param name="mappedBytesMax">Bytes of pages that may be looked at before all of these are let go of: until then they count as memory of this process, too.</param>
internal sealed class PeerMemories(Func<long> mappedBytesMax, TimeProvider time) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, ((int Process, int Descriptor) Place, PeerMemory Memory)> found = new(StringComparer.Ordinal);
    private int seen;
    private bool isDisposed;

    /// <summary>
    /// The memory that a peer offers by the word of a <see cref="MemoryOffer"/>; null where it is out of reach, or where the connection, of which
    /// <paramref name="port"/> is this end, does not lead there straight: who put something in between wants the bytes to go through it.
    /// </summary>
    public PeerMemory? Find(string peer, string word, int port, ReadOnlySpan<byte> token)
    {
        if (!MemoryOffer.TryParse(word, out MemoryOffer.Place offered) || offered.Port != port || !OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return null;
        (int, int) place = (offered.Process, offered.Descriptor);
        lock (gate)
        {
            if (isDisposed)
                return null;
            bool isKnown = found.TryGetValue(peer, out ((int, int) Place, PeerMemory Memory) known);
            if (isKnown && known.Place == place && known.Memory.IsOf(token, offered.Proof))
                return known.Memory;
            var memory = new PeerMemory(offered.Process, offered.Descriptor, this, time);
            if (!memory.IsOf(token, offered.Proof))
            {
                memory.Dispose();
                return null;
            }

            if (isKnown)
                known.Memory.Dispose(); // the process that it was has ended
            found[peer] = (place, memory);
            return memory;
        }
    }

    /// <summary>Notes that so many pages are about to be looked at which were not before; without locks.</summary>
    public void See(int pages)
    {
        if (Interlocked.Add(ref seen, pages) <= mappedBytesMax() / IBlobStore.ChunkBytes)
            return;
        Volatile.Write(ref seen, 0);
        lock (gate)
        {
            foreach ((_, PeerMemory memory) in found.Values)
                memory.LetGoOfPages();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            foreach ((_, PeerMemory memory) in found.Values)
                memory.Dispose();
        }
    }
}
