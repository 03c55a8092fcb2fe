using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.FileSystem.Linux;

/// <summary>The system calls of the file-system origin; each repeats when a signal interrupts it, and tells the error number.</summary>
/// <remarks>
/// <see cref="File"/> and <see cref="RandomAccess"/> can't open relative to a directory, nor stat an open file in nanoseconds, and open
/// with more calls than are needed. Handles are passed as such, so that a close can't come between and reuse the descriptor.
/// </remarks>
internal static unsafe partial class Kernel
{
    public const int OpenRead = 0x80000 | 0x800 | 0x100; // O_CLOEXEC, O_NONBLOCK (a fifo must not block), O_NOCTTY, O_RDONLY
    public const int OpenPath = 0x80000 | 0x200000; // O_CLOEXEC, O_PATH: names the file, without the right to read it
    private const ulong ResolveBeneath = 0x08;
    private const ulong ResolveNoMagicLinks = 0x02;
    private const ulong ResolveNoOtherMount = 0x01;
    private const ulong ResolveCached = 0x20; // Linux 5.12
    private const int ReadNoWait = 0x08; // RWF_NOWAIT
    private const int FileSystemFactsBytes = 256; // more than struct statfs has anywhere
    private const int AtWorkingDirectory = -100;
    private const int AtEmptyPath = 0x1000;
    private const uint StatBasic = 0x7FF;
    private const long OpenAt2Number = 437; // on every architecture; libc has no function for it

    /// <summary>Opens <paramref name="path"/> (NUL-terminated), never outside <paramref name="directory"/>; null on failure.</summary>
    /// <param name="cachedOnly">Fails rather than reads from a disk, or leaves the directory's mount.</param>
    public static SafeFileHandle? OpenBeneath(SafeFileHandle directory, ReadOnlySpan<byte> path, int flags, out int errno, bool cachedOnly = false)
    {
        var how = new OpenHow { Flags = (uint)flags, Resolve = ResolveBeneath | ResolveNoMagicLinks | (cachedOnly ? ResolveCached | ResolveNoOtherMount : 0) };
        fixed (byte* name = path)
        {
            long descriptor;
            do
            {
                descriptor = OpenAt2(OpenAt2Number, directory, name, &how, (nuint)sizeof(OpenHow));
                errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.Interrupted);

            return errno == 0 ? new SafeFileHandle((nint)descriptor, ownsHandle: true) : null;
        }
    }

    /// <summary>Opens <paramref name="path"/> (NUL-terminated), wherever it leads; null on failure.</summary>
    public static SafeFileHandle? Open(SafeFileHandle? directory, ReadOnlySpan<byte> path, int flags, out int errno)
    {
        fixed (byte* name = path)
        {
            int descriptor;
            do
            {
                descriptor = directory is null ? OpenAt(AtWorkingDirectory, name, flags) : OpenAt(directory, name, flags);
                errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.Interrupted);

            return errno == 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
        }
    }

    /// <summary>Facts of the open <paramref name="file"/>; the answer is the error number, 0 for none.</summary>
    public static int Stat(SafeFileHandle file, out StatX facts) => Stat(file, "\0"u8, out facts);

    /// <summary>Facts of what <paramref name="path"/> (NUL-terminated) leads to from <paramref name="directory"/>.</summary>
    public static int Stat(SafeFileHandle directory, ReadOnlySpan<byte> path, out StatX facts)
    {
        facts = default;
        fixed (byte* name = path)
        fixed (StatX* to = &facts)
        {
            int errno;
            do
            {
                errno = StatX(directory, name, AtEmptyPath, StatBasic, to) < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.Interrupted);

            return errno;
        }
    }

    /// <summary>Reads once at <paramref name="offset"/>; the bytes read, zero at the end, -1 on failure.</summary>
    public static int Read(SafeFileHandle file, Span<byte> buffer, long offset, out int errno)
    {
        fixed (byte* to = buffer)
        {
            nint count;
            do
            {
                count = PRead(file, to, (nuint)buffer.Length, offset);
                errno = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.Interrupted);

            return (int)count; // at most an int: the kernel gives 2 GiB less a page per call
        }
    }

    /// <summary>The same of what is in the page cache; -1 also where the next bytes are not.</summary>
    /// <exception cref="EntryPointNotFoundException">The C library has no <c>preadv2</c>: musl before 1.2.5.</exception>
    public static int ReadCached(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        fixed (byte* to = buffer)
        {
            var vector = new IoVector { Base = to, Length = (nuint)buffer.Length };
            return (int)PReadV2(file, &vector, 1, offset, ReadNoWait);
        }
    }

    /// <summary>Whether what is open lies on a file system of this machine's own: ext4 and its kin, XFS, btrfs, F2FS, tmpfs.</summary>
    public static bool IsOnLocalFileSystem(SafeFileHandle file)
    {
        var facts = stackalloc byte[FileSystemFactsBytes];
        return FStatFs(file, facts) == 0 && (uint)*(nint*)facts is 0xEF53 or 0x58465342 or 0x9123683E or 0xF2F52010 or 0x01021994;
    }

    /// <summary>Puts the target of link <paramref name="path"/> (NUL-terminated) in <paramref name="buffer"/>; its length or -1.</summary>
    public static int ReadLink(ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        fixed (byte* name = path)
        fixed (byte* to = buffer)
        {
            return (int)ReadLink(name, to, (nuint)buffer.Length);
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long OpenAt2(long number, SafeFileHandle directory, byte* path, OpenHow* how, nuint size);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(nint directory, byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(SafeFileHandle directory, byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int StatX(SafeFileHandle directory, byte* path, int flags, uint mask, StatX* facts);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint PRead(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "preadv2")]
    private static partial nint PReadV2(SafeFileHandle file, IoVector* vectors, int count, long offset, int flags);

    [LibraryImport("libc", EntryPoint = "fstatfs")]
    private static partial int FStatFs(SafeFileHandle file, byte* facts);

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true)]
    private static partial nint ReadLink(byte* path, byte* buffer, nuint size);

    /// <summary>The kernel's <c>struct iovec</c>.</summary>
    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }
}
