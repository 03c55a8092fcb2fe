using Hal.Cache.Origins.FileSystem.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>Lets the kernel keep the path beneath the directory (<c>openat2</c>, Linux 5.6 and later): one call, no race.</summary>
internal sealed class KernelOpener(IBeneathOpener links) : IBeneathOpener
{
    /// <summary>How often a lookup is repeated that a rename elsewhere disturbed, before the other opener takes it.</summary>
    private const int AttemptsMax = 8;

    public static bool IsSupported(SafeFileHandle directory)
    {
        using var probe = Kernel.OpenBeneath(directory, ".\0"u8, Kernel.OpenPath, out _);
        return probe is not null;
    }

    public SafeFileHandle? Open(SafeFileHandle directory, ReadOnlySpan<byte> path, bool readable, out int errno)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var file = Kernel.OpenBeneath(directory, path, readable ? Kernel.OpenRead : Kernel.OpenPath, out errno);
            if (file is not null || errno is not (Errno.CrossDevice or Errno.Again))
            {
                return file;
            }

            if (errno == Errno.CrossDevice)
            {
                break;
            }
        }

        // The kernel refuses every absolute link, also one that leads back beneath the directory; that one is allowed here.
        return links.Open(directory, path, readable, out errno);
    }
}
