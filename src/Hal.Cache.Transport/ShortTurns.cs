using System.Runtime.InteropServices;

namespace Hal.Cache.Transport;

/// <summary>
/// Asks the scheduler for shorter turns of the processor for a thread that answers clients: with the same share of it, the thread runs sooner after it is
/// woken, instead of behind whole turns of what is busy (sched_setattr(2), sched_runtime of a SCHED_OTHER thread, Linux 6.12 and later; I. Stoica and
/// H. Abdel-Wahab, "Earliest Eligible Virtual Deadline First", 1995).
/// </summary>
internal static unsafe partial class ShortTurns
{
    private const ulong Nanoseconds = 300_000;
    private const int ThisThread = 0;
    private const ulong ResetOnFork = 1;

    private static readonly (nint Get, nint Set) Calls = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (315, 314),
        Architecture.Arm64 => (275, 274),
        _ => (-1, -1),
    };

    /// <summary>For the calling thread, and not for those that it starts; false where the kernel does not let us. One that is older takes it, without effect.</summary>
    public static bool Ask()
    {
        Attributes attributes = default;
        if (!OperatingSystem.IsLinux() || Calls.Get < 0 || Call(Calls.Get, ThisThread, &attributes, (uint)sizeof(Attributes), 0) != 0)
            return false;
        if (attributes.Policy != 0)
            return false; // somebody has given the process another one
        attributes.Flags |= ResetOnFork;
        attributes.Runtime = Nanoseconds;
        return Call(Calls.Set, ThisThread, &attributes, 0, 0) == 0;
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Call(nint number, nint thread, Attributes* attributes, nuint third, nuint fourth);

    /// <summary>The kernel's struct sched_attr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
        public uint UtilizationMin;
        public uint UtilizationMax;
    }
}
