using System.Runtime.InteropServices;

namespace Hal.Cache.Origins.FileSystem.Linux;

/// <summary>The kernel's <c>struct open_how</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenHow
{
    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}
