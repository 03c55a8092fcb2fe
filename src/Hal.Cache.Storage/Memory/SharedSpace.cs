using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Hal.Cache.Contracts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Storage.Memory;

/// <summary>
/// Addresses of a file without a name that lies in memory alone (memfd_create(2)), which other processes may map as well. What is not used takes no
/// memory. The file is sealed against a change of its size: who maps it will not find a part of it cut off.
/// </summary>
internal sealed unsafe class SharedSpace : ISharedMemory, IDisposable
{
    private readonly SafeFileHandle file;
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;
    private readonly long length;
    private readonly byte[] identity = RandomNumberGenerator.GetBytes(ISharedMemory.IdentityBytes);
    private long taken;

    private SharedSpace(SafeFileHandle file, MemoryMappedFile map, MemoryMappedViewAccessor view, long length)
    {
        (this.file, this.map, this.view, this.length) = (file, map, view, length);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        identity.CopyTo(new Span<byte>(start, identity.Length));
        taken = AlignedFrom(identity.Length);
    }

    public int Descriptor => (int)file.DangerousGetHandle();

    public ReadOnlyMemory<byte> Identity => identity;

    /// <summary>Space for so many bytes; null where the system has no such files.</summary>
    public static SharedSpace? TryMake(long bytes)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess || IsAccounted())
            return null;
        SafeFileHandle? file = null;
        MemoryMappedFile? map = null;
        try
        {
            file = new SafeFileHandle(Native.MemoryFile("hal-cache", Native.SealableMemory), ownsHandle: true);
            if (!file.IsInvalid)
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead); // nobody opens it to write
                RandomAccess.SetLength(file, bytes);
                if (Native.Control((int)file.DangerousGetHandle(), Native.AddSeals, Native.SizeSeals) == 0)
                {
                    map = MemoryMappedFile.CreateFromFile(file, null, bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
                    return new SharedSpace(file, map, map.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.ReadWrite), bytes);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EntryPointNotFoundException or DllNotFoundException)
        {
            // A limit of addresses, or a C library without the call: values lie in memory of their own.
        }

        map?.Dispose();
        file?.Dispose();
        return null;
    }

    /// <summary>The next addresses, a multiple of a page; null at the end. For one caller at a time.</summary>
    public byte* TryTake(int bytes)
    {
        if (taken > length - bytes)
            return null;
        byte* next = start + taken;
        taken += bytes;
        return next;
    }

    /// <summary>Where an address is in the file; -1 where it is not.</summary>
    public long OffsetOf(nint address) => address >= (nint)start && address < (nint)start + length ? address - (nint)start : -1;

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
        file.Dispose();
    }

    // Where the system promises no more memory than it has (vm.overcommit_memory 2), a page of such a file that it does not have ends the process.
    private static bool IsAccounted()
    {
        const string setting = "/proc/sys/vm/overcommit_memory";
        return File.Exists(setting) && File.ReadAllText(setting).Trim() == "2";
    }

    private long AlignedFrom(long offset)
    {
        long address = (long)start + offset;
        return ((address + PagePool.PageBytes - 1) & ~(long)(PagePool.PageBytes - 1)) - (long)start;
    }
}
