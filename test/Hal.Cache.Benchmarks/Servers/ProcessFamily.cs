using System.Globalization;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>A process with those that it has started, and the memory of processes, as the kernel tells them.</summary>
internal static class ProcessFamily
{
    public static IReadOnlyList<int> Of(int pid)
    {
        var family = new List<int> { pid };
        for (var i = 0; i < family.Count; i++)
        {
            var children = $"/proc/{family[i]}/task/{family[i]}/children";
            if (File.Exists(children))
                family.AddRange(File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => int.Parse(word, CultureInfo.InvariantCulture)));
        }
        return family;
    }

    /// <summary>Resident memory now, in bytes.</summary>
    public static long ResidentBytes(IEnumerable<int> pids) => pids.Sum(pid => Status(pid, "VmRSS:"));

    /// <summary>Most resident memory since <see cref="ForgetPeak"/>, in bytes; of several processes the sum of their peaks.</summary>
    public static long PeakBytes(IEnumerable<int> pids) => pids.Sum(pid => Status(pid, "VmHWM:"));

    /// <summary>Has the kernel count peaks from now on.</summary>
    public static void ForgetPeak(IEnumerable<int> pids)
    {
        foreach (var pid in pids)
            File.WriteAllText($"/proc/{pid}/clear_refs", "5"); // proc(5): resets the peak resident set size
    }

    /// <summary>Processor time of processes until now, in seconds, to a hundredth.</summary>
    public static double CpuSeconds(IEnumerable<int> pids) => pids.Sum(pid =>
    {
        // proc(5): behind the name in parentheses, times in user and kernel mode are the 12th and 13th word, in hundredths.
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(words[11], CultureInfo.InvariantCulture) + long.Parse(words[12], CultureInfo.InvariantCulture)) / 100.0;
    });

    private static long Status(int pid, string name)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(text => text.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
