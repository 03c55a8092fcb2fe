using System.Globalization;
using System.Runtime.InteropServices;

namespace Hal.Cache.Benchmarks.Report;

/// <summary>The machine as the kernel describes it, and how busy it was when the run began.</summary>
internal sealed record Machine(string Cpu, int Cores, long MemoryBytes, string Kernel, string System, string FileSystem, string Load)
{
    private const string KernelRelease = "/proc/sys/kernel/osrelease";

    public static Machine Describe(string fileSystem) => new(
        Value("/proc/cpuinfo", "model name", ':') ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        1024 * long.Parse((Value("/proc/meminfo", "MemTotal", ':') ?? "0 kB").Split(' ')[0], CultureInfo.InvariantCulture),
        File.Exists(KernelRelease) ? "Linux " + File.ReadAllText(KernelRelease).Trim() : RuntimeInformation.OSDescription,
        Value("/etc/os-release", "PRETTY_NAME", '=')?.Trim('"') ?? "unknown",
        fileSystem,
        File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown");

    private static string? Value(string file, string name, char separator) => !File.Exists(file)
        ? null
        : File.ReadLines(file)
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(separator, StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(separator, StringComparison.Ordinal) + 1)..].Trim())
            .FirstOrDefault();
}
