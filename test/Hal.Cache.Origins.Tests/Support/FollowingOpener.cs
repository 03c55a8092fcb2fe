using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.FileSystem.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.Tests.Support;

/// <summary>Checks nothing: shows that the tests of escapes would notice one.</summary>
internal sealed class FollowingOpener : IBeneathOpener
{
    public SafeFileHandle? Open(SafeFileHandle directory, ReadOnlySpan<byte> path, bool readable, out int errno) =>
        Kernel.Open(directory, path, readable ? Kernel.OpenRead : Kernel.OpenPath, out errno);
}
