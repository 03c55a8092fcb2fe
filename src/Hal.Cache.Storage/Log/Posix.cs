using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Storage.Log;

/// <summary>The few calls of Linux that the runtime does not offer; elsewhere each has a slower stand-in.</summary>
internal static partial class Posix
{
    private const int ReadNoWait = 8; // RWF_NOWAIT
    private const int OpenDirectory = 0x10000; // O_DIRECTORY
    private static readonly bool IsLinux = OperatingSystem.IsLinux() && Environment.Is64BitProcess;
    private static volatile bool canReadNow = IsLinux;

    private const int OpenWriteOnly = 1; // O_WRONLY
    private const int OpenCloseOnExec = 0x80000; // O_CLOEXEC

    // O_DIRECT, whose number differs.
    private static readonly int OpenDirect = !IsLinux ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    /// <summary>Whether there is <see cref="OpenDirectly"/>.</summary>
    public static bool CanWriteDirectly => OpenDirect != 0;

    /// <summary>Opens a file for writes that go past the page cache; null where its file system has none of that.</summary>
    public static SafeFileHandle? OpenDirectly(string path)
    {
        SafeFileHandle file = open(path, OpenWriteOnly | OpenCloseOnExec | OpenDirect);
        if (!file.IsInvalid)
            return file;
        file.Dispose();
        return null;
    }

    /// <summary>Reads what the page cache holds, without waiting for the disk; negative when it can't, fewer bytes when it holds fewer.</summary>
    public static unsafe int ReadNow(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        if (!canReadNow)
            return -1;
        fixed (byte* start = buffer)
        {
            var vector = new IoVector { Start = start, Length = (nuint)buffer.Length };
            try
            {
                return (int)preadv2(file, &vector, 1, offset, ReadNoWait);
            }
            catch (EntryPointNotFoundException) // a C library older than the kernel call
            {
                canReadNow = false;
                return -1;
            }
        }
    }

    /// <summary>Makes a file's bytes durable, and of its metadata only what is needed to read them; throws <see cref="IOException"/>.</summary>
    public static void SyncData(SafeFileHandle file)
    {
        if (!IsLinux)
            RandomAccess.FlushToDisk(file);
        else if (fdatasync(file) != 0)
            throw Failure("fdatasync");
    }

    /// <summary>Makes the names in a directory durable; throws <see cref="IOException"/>.</summary>
    public static void SyncDirectory(string path)
    {
        if (!IsLinux)
            return;
        using var directory = open(path, OpenDirectory);
        if (directory.IsInvalid || fsync(directory) != 0)
            throw Failure($"fsync of directory {path}");
    }

    private static IOException Failure(string what) =>
        new($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}", Marshal.GetLastPInvokeError());

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

#pragma warning disable IDE1006 // the C library's names
    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint preadv2(SafeFileHandle file, IoVector* vectors, int count, long offset, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);
#pragma warning restore IDE1006
}
