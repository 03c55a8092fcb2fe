using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Persistence.Files;

/// <summary>Makes the names in a directory durable, which the runtime has no call for.</summary>
internal static partial class DirectorySync
{
    private const int OpenDirectory = 0x10000; // O_DIRECTORY on Linux

    /// <summary>Throws <see cref="IOException"/> where the disk refuses; does nothing where the system is not Linux.</summary>
    public static void Sync(string path)
    {
        if (!OperatingSystem.IsLinux()) return;
        using var directory = open(path, OpenDirectory);
        if (directory.IsInvalid || fsync(directory) != 0)
            throw new IOException($"fsync of directory {path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}", Marshal.GetLastPInvokeError());
    }

#pragma warning disable IDE1006 // the C library's names
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);
#pragma warning restore IDE1006
}
