using System.Buffers.Text;
using Hal.Cache.Origins.FileSystem.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>
/// Follows every link, then asks the kernel where the file it holds is, and only then opens that same file for reading: for links
/// that <c>openat2</c> refuses, and where a kernel or a sandbox has no <c>openat2</c>.
/// </summary>
internal sealed class CheckingOpener : IBeneathOpener
{
    private const int LinkBytesMax = 4096 + 64; // PATH_MAX, and what /proc adds to the path of a deleted file

    public SafeFileHandle? Open(SafeFileHandle directory, ReadOnlySpan<byte> path, bool readable, out int errno)
    {
        var found = Kernel.Open(directory, path, Kernel.OpenPath, out errno); // touches nothing: no driver is called, no fifo waits
        if (found is null)
        {
            return null;
        }

        if (!IsBeneath(directory, found))
        {
            found.Dispose();
            errno = Errno.CrossDevice;
            return null;
        }

        if (!readable || (errno = Kernel.Stat(found, out var facts)) != 0 || !facts.IsFile)
        {
            return found;
        }

        using (found)
        {
            Span<byte> link = stackalloc byte[32];
            return Kernel.Open(null, LinkTo(found, link), Kernel.OpenRead, out errno); // the file that is held, not the path again
        }
    }

    private static bool IsBeneath(SafeFileHandle directory, SafeFileHandle file)
    {
        Span<byte> link = stackalloc byte[32];
        Span<byte> root = stackalloc byte[LinkBytesMax];
        Span<byte> real = stackalloc byte[LinkBytesMax];
        var rootBytes = Kernel.ReadLink(LinkTo(directory, link), root);
        var realBytes = Kernel.ReadLink(LinkTo(file, link), real);
        if (rootBytes <= 0 || realBytes <= 0 || rootBytes == LinkBytesMax || realBytes == LinkBytesMax)
        {
            return false; // no /proc, or a path that was cut: nothing is known, so nothing is allowed
        }

        root = root[..rootBytes];
        real = real[..realBytes];
        return root is [(byte)'/'] ? real[0] == '/'
            : real.Length > root.Length && real.StartsWith(root) && real[root.Length] == '/';
    }

    private static ReadOnlySpan<byte> LinkTo(SafeFileHandle file, Span<byte> buffer)
    {
        "/proc/self/fd/"u8.CopyTo(buffer);
        Utf8Formatter.TryFormat((long)file.DangerousGetHandle(), buffer[14..^1], out var digits); // the callers hold the handle
        buffer[14 + digits] = 0;
        return buffer[..(15 + digits)];
    }
}
