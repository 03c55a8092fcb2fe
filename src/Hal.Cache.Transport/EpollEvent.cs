using System.Runtime.InteropServices;

namespace Hal.Cache.Transport;

/// <summary>The kernel's <c>struct epoll_event</c>, which x86-64 packs and other architectures align; see <see cref="IsPacked"/>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct EpollEvent
{
    /// <summary>The transport runs where the kernel's layout is this one.</summary>
    public static bool IsPacked => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public uint Events;
    public ulong Tag;
}
