using System.Runtime.InteropServices;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Freezes a process that the test has started, and lets it go on.</summary>
internal static class ProcessSignals
{
    private const int Go = 18;
    private const int Freeze = 19;

    public static void Stop(int pid) => Assert.Equal(0, Kill(pid, Freeze));

    public static void Continue(int pid) => Assert.Equal(0, Kill(pid, Go));

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
