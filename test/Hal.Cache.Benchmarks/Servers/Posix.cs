using System.Runtime.InteropServices;

namespace Hal.Cache.Benchmarks.Servers;

internal static partial class Posix
{
    public const int SigTerm = 15;

    /// <summary>Sends a signal to one process; false where it is gone already.</summary>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    /// <summary>Gives a file a further name; 0, or -1 where that can't be done.</summary>
    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string file, string name);

    /// <summary>Waits until the machine has written what its files were given.</summary>
    [LibraryImport("libc", EntryPoint = "sync")]
    public static partial void Sync();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
