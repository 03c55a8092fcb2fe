using System.Globalization;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>
/// A process with those that it has started, and their memory and time, as the kernel tells them; one that has ended, as nginx's cache loader does after a
/// minute, has none.
/// </summary>
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
        {
            // proc(5): resets the peak resident set size
            Living(() =>
            {
                File.WriteAllText($"/proc/{pid}/clear_refs", "5");
                return 0;
            });
        }
    }

    /// <summary>Processor time of processes until now, in seconds, to a hundredth.</summary>
    public static double CpuSeconds(IEnumerable<int> pids) => pids.Sum(pid => Living(() =>
    {
        // proc(5): behind the name in parentheses, times in user and kernel mode are the 12th and 13th word, in hundredths.
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(words[11], CultureInfo.InvariantCulture) + long.Parse(words[12], CultureInfo.InvariantCulture)) / 100.0;
    }));

    private static long Status(int pid, string name) => Living(() =>
    {
        var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(text => text.StartsWith(name, StringComparison.Ordinal)); // a zombie has no memory
        return line == null ? 0 : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    });

    private static T Living<T>(Func<T> read)
        where T : struct
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return default;
        }
    }
}
