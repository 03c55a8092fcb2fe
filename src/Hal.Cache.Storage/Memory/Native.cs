using System.Runtime.InteropServices;

namespace Hal.Cache.Storage.Memory;

internal static unsafe partial class Native
{
    /// <summary>MADV_DONTNEED: the pages' memory goes back to the system, their addresses stay valid.</summary>
    public const int DontNeed = 4;

    /// <summary>MADV_REMOVE: the same for memory that is a file's.</summary>
    public const int Remove = 9;

    /// <summary>F_ADD_SEALS.</summary>
    public const int AddSeals = 1033;

    /// <summary>F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW.</summary>
    public const int SizeSeals = 1 | 2 | 4;

    /// <summary>MFD_CLOEXEC, MFD_ALLOW_SEALING.</summary>
    public const uint SealableMemory = 1 | 2;

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Advise(void* address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int MemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Control(int descriptor, int command, int argument);
}
