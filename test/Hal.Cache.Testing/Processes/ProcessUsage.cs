using System.Globalization;

namespace Hal.Cache.Testing.Processes;

/// <summary>What a process and a directory really take, from /proc and the file system.</summary>
public static class ProcessUsage
{
    /// <summary>Resident memory now, in bytes.</summary>
    public static long ResidentBytes(int pid) => StatusBytes(pid, "VmRSS:");

    /// <summary>The highest resident memory since the start or the last reset, in bytes.</summary>
    public static long PeakResidentBytes(int pid) => StatusBytes(pid, "VmHWM:");

    /// <summary>Sets the peak back to what is resident now; throws where the kernel does not offer it.</summary>
    public static void ResetPeak(int pid) => File.WriteAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/clear_refs", "5");

    /// <summary>The sum of the lengths of all files below a directory, in bytes; 0 where it is not there.</summary>
    public static long DirectoryBytes(string path)
    {
        if (!Directory.Exists(path)) return 0;
        long total = 0;
        foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            try
            {
                total += file.Length;
            }
            catch (FileNotFoundException)
            {
                // The server removed the file between the listing and the look.
            }
        }

        return total;
    }

    private static long StatusBytes(int pid, string field)
    {
        foreach (var line in File.ReadLines($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/status"))
        {
            if (!line.StartsWith(field, StringComparison.Ordinal)) continue;
            var kilobytes = line[field.Length..].Trim().Split(' ')[0];
            return long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024;
        }

        throw new InvalidOperationException($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/status has no {field}");
    }
}
