using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Peers;

/// <summary>A store's memory in another process, mapped to be read; whoever uses it while it is disposed of is told so, and reads nothing.</summary>
internal sealed unsafe partial class MappedFile : IDisposable
{
    private const string Name = "/memfd:hal-cache";
    private const int GetSeals = 1034;
    private const int ShrinkSeal = 2;
    private const int DontNeed = 4;

    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly long length;
    private readonly bool[] isSeen; // of each page of a store

    private MappedFile(MemoryMappedFile map, long length) =>
        (this.map, this.length, view, isSeen) =
            (map, length, map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), new bool[(length / IBlobStore.ChunkBytes) + 1]);

    /// <summary>Maps the memory behind a process's descriptor; null where that is out of reach, or something else.</summary>
    public static MappedFile? TryOpen(int process, int descriptor)
    {
        SafeFileHandle? file = null;
        MemoryMappedFile? map = null;
        try
        {
            // Opening something else, a pipe say, might wait for ever. And who maps a file that is cut off later ends when it looks there.
            if (!IsThere(process, descriptor))
                return null;
            file = File.OpenHandle(PathOf(process, descriptor), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            long length = RandomAccess.GetLength(file);
            if (length < ISharedMemory.IdentityBytes || (Control((int)file.DangerousGetHandle(), GetSeals, 0) & ShrinkSeal) == 0)
                return null;
            map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedFile(map, length);
        }
#pragma warning disable CA1031 // whatever keeps it from being mapped, bytes are sent then
        catch (Exception)
#pragma warning restore CA1031
        {
            map?.Dispose();
            return null;
        }
        finally
        {
            file?.Dispose(); // what is mapped stays so
        }
    }

    /// <summary>Whether the process still has memory of this kind behind its descriptor.</summary>
    public static bool IsThere(int process, int descriptor)
    {
        try
        {
            return new FileInfo(PathOf(process, descriptor)).LinkTarget?.StartsWith(Name, StringComparison.Ordinal) == true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Notes that bytes are about to be read; how many pages of <see cref="IBlobStore.ChunkBytes"/> are among them that were not yet.</summary>
    public int See(long offset, int bytes)
    {
        if (offset < 0 || offset > length - bytes)
            return 0;
        int pages = 0;
        for (long page = offset / IBlobStore.ChunkBytes; page <= (offset + bytes - 1) / IBlobStore.ChunkBytes; page++)
        {
            pages += isSeen[page] ? 0 : 1;
            isSeen[page] = true;
        }

        return pages;
    }

    /// <summary>Fills the space with what lies there; false behind the end.</summary>
    /// <exception cref="ObjectDisposedException">It is not mapped any more.</exception>
    public bool TryRead(long offset, Span<byte> space)
    {
        if (offset < 0 || offset > length - space.Length)
            return false;
        byte* start = null;
        SafeBuffer memory = view.SafeMemoryMappedViewHandle;
        memory.AcquirePointer(ref start);
        try
        {
            new ReadOnlySpan<byte>(start + offset, space.Length).CopyTo(space);
            return true;
        }
        finally
        {
            memory.ReleasePointer();
        }
    }

    /// <summary>Lets go of the pages that were looked at; they are found again where they are looked at again.</summary>
    /// <exception cref="ObjectDisposedException">It is not mapped any more.</exception>
    public void LetGoOfPages()
    {
        Array.Clear(isSeen);
        byte* start = null;
        SafeBuffer memory = view.SafeMemoryMappedViewHandle;
        memory.AcquirePointer(ref start);
        _ = Advise(start, (nuint)length, DontNeed);
        memory.ReleasePointer();
    }

    public void Dispose()
    {
        view.Dispose();
        map.Dispose();
    }

    private static string PathOf(int process, int descriptor) => string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd/{descriptor}");

    [LibraryImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* address, nuint length, int advice);
}
