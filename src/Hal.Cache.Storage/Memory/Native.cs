using System.Runtime.InteropServices;

namespace Hal.Cache.Storage.Memory;

internal static unsafe partial class Native
{
    /// <summary>MADV_DONTNEED: the pages' memory goes back to the system, their addresses stay valid.</summary>
    public const int DontNeed = 4;

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Advise(void* address, nuint length, int advice);
}
