using System.Globalization;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>What processes take from now on; one that ends meanwhile counts for nothing, as if it had not been there.</summary>
internal sealed class ProcessMeter
{
    private readonly List<(int Pid, long Resident, double Cpu)> starts;

    public ProcessMeter(IEnumerable<int> pids)
    {
        starts = [.. pids.Select(pid => (pid, ProcessFamily.ResidentBytes([pid]), ProcessFamily.Living(() => CpuSeconds(pid))))];
        foreach (var (pid, _, _) in starts)
        {
            ProcessFamily.Living(() =>
            {
                File.WriteAllText($"/proc/{pid}/clear_refs", "5"); // proc(5): resets the peak resident set size
                return true;
            });
        }
    }

    /// <summary>Processor time since, in seconds, to a hundredth.</summary>
    public double SpentSeconds => starts.Sum(start => ProcessFamily.Living(() => CpuSeconds(start.Pid) - start.Cpu));

    /// <summary>Most resident memory since over what it was, in bytes; of several processes the sum of their peaks.</summary>
    public long GrowthBytes => starts.Sum(start => ProcessFamily.Status(start.Pid, "VmHWM:") is > 0 and var peak ? peak - start.Resident : 0);

    private static double CpuSeconds(int pid)
    {
        // proc(5): behind the name in parentheses, times in user and kernel mode are the 12th and 13th word, in hundredths.
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(words[11], CultureInfo.InvariantCulture) + long.Parse(words[12], CultureInfo.InvariantCulture)) / 100.0;
    }
}
