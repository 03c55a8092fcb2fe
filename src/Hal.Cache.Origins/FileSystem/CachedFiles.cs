using Hal.Cache.Origins.FileSystem.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>
/// Files that the kernel opens and reads from memory alone, for threads that must not wait: <c>openat2</c> with <c>RESOLVE_CACHED</c> (Linux 5.12 and
/// later), <c>preadv2</c> with <c>RWF_NOWAIT</c>. What it can't is left to a thread that may.
/// </summary>
internal static class CachedFiles
{
    /// <summary>Whether it may be tried beneath a directory: on file systems of this machine's own disks and memory, whose opens and stats ask nobody else.</summary>
    public static bool MayBeTried(SafeFileHandle directory)
    {
        if (!Kernel.IsOnLocalFileSystem(directory))
            return false;
        try
        {
            Kernel.ReadCached(directory, [], 0);
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }

        using var probe = Kernel.OpenBeneath(directory, ".\0"u8, Kernel.OpenPath, out _, cachedOnly: true);
        return probe is not null;
    }

    /// <summary>A regular file and its facts, all from memory; null where that can't be said, whatever the reason.</summary>
    public static SafeFileHandle? TryOpen(SafeFileHandle directory, ReadOnlySpan<byte> terminated, bool readable, bool checkType, out StatX facts)
    {
        facts = default;
        // Opening a device can be an act, so look first at what it is; by a handle, since a look by path might read from the disk.
        if (readable && checkType)
        {
            using var named = TryOpen(directory, terminated, Kernel.OpenPath, out _);
            if (named is null)
                return null;
        }

        return TryOpen(directory, terminated, readable ? Kernel.OpenRead : Kernel.OpenPath, out facts);
    }

    private static SafeFileHandle? TryOpen(SafeFileHandle directory, ReadOnlySpan<byte> terminated, int flags, out StatX facts)
    {
        facts = default;
        var file = Kernel.OpenBeneath(directory, terminated, flags, out _, cachedOnly: true);
        if (file is null || (Kernel.Stat(file, out facts) == 0 && facts.IsFile))
            return file;
        file.Dispose();
        return null;
    }
}
