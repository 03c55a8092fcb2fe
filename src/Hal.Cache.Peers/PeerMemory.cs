using System.Runtime.InteropServices;

namespace Hal.Cache.Peers;

/// <summary>
/// The memory of a peer's process on this machine, by process_vm_readv(2), which MPI libraries know as cross-memory attach: one copy, for which
/// the peer does nothing. There where the kernel lets this process read the other one's memory: both of the same user, and no Yama that restricts it to children
/// (kernel.yama.ptrace_scope 0), or with CAP_SYS_PTRACE.
/// </summary>
internal sealed unsafe partial class PeerMemory
{
    private readonly int process;

    private PeerMemory(int process) => this.process = process;

    /// <summary>
    /// The memory that a peer offers by the word of a <see cref="MemoryOffer"/>; null where it is out of reach, or where the connection, of which
    /// <paramref name="port"/> is this end, does not lead there straight: who put something in between wants the bytes to go through it.
    /// </summary>
    public static PeerMemory? Find(string word, int port, ReadOnlySpan<byte> token)
    {
        if (!MemoryOffer.TryParse(word, out MemoryOffer.Place place) || place.Port != port || !OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return null;
        var found = new PeerMemory(place.Process);
        Span<byte> there = stackalloc byte[MemoryOffer.TokenBytes];
        try
        {
            return found.TryRead(place.Address, there) && there.SequenceEqual(token) ? found : null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException) // a C library without the call
        {
            return null;
        }
    }

    /// <summary>Fills the space with what lies there; false where that is not to be had, or not all of it.</summary>
    public bool TryRead(nint address, Span<byte> space)
    {
        fixed (byte* start = space)
        {
            IoVector here = new() { Start = (nint)start, Length = (nuint)space.Length };
            IoVector there = new() { Start = address, Length = (nuint)space.Length };
            return ReadVectors(process, &here, 1, &there, 1, 0) == space.Length;
        }
    }

    [LibraryImport("libc", EntryPoint = "process_vm_readv")]
    private static partial nint ReadVectors(int process, IoVector* here, nuint hereCount, IoVector* there, nuint thereCount, nuint flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public nint Start;
        public nuint Length;
    }
}
