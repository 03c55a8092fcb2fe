using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Hal.Cache.Silo;

/// <summary>
/// The system's clock, whose monotonic side also counts the time that the machine sleeps (Linux CLOCK_BOOTTIME, in nanoseconds): a lease
/// that stood still with its machine would be served after the authority has stopped waiting for it.
/// </summary>
internal sealed partial class BootClock : TimeProvider
{
    private const int ClockBootTime = 7;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private BootClock()
    {
    }

    /// <summary>This clock on Linux; elsewhere the framework's, which on Windows counts sleep by itself.</summary>
    public static TimeProvider Instance { get; } = OperatingSystem.IsLinux() ? new BootClock() : System;

    public override long TimestampFrequency => NanosecondsPerSecond;

    public override long GetTimestamp()
    {
        if (GetTime(ClockBootTime, out var now) != 0) throw new Win32Exception("CLOCK_BOOTTIME can't be read");
        return (now.Seconds * NanosecondsPerSecond) + now.Nanoseconds;
    }

    // It neither blocks nor calls back, and is read at every hit: the runtime need not prepare for a collection.
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
