using System.Globalization;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>
/// What processes take from now on; one that ends meanwhile, as nginx's cache loader does after a
/// minute, counts for nothing.
/// </summary>
internal sealed class ProcessMeter
{
    private readonly List<(int Pid, long Resident, double Cpu)> starts;

    public ProcessMeter(IEnumerable<int> pids)
    {
        starts = [.. pids.Select(pid => (pid, Living(() => ProcessUsage.ResidentBytes(pid)), Living(() => CpuSeconds(pid))))];
        foreach (var (pid, _, _) in starts)
        {
            Living(() =>
            {
                ProcessUsage.ResetPeak(pid);
                return true;
            });
        }
    }

    /// <summary>Processor time since, in seconds, to a hundredth.</summary>
    public double SpentSeconds => starts.Sum(start => Living(() => CpuSeconds(start.Pid) - start.Cpu));

    /// <summary>Most resident memory since over what it was, in bytes; of several processes the sum of their peaks.</summary>
    public long GrowthBytes => starts.Sum(start => Living(() => ProcessUsage.PeakResidentBytes(start.Pid) - start.Resident));

    private static double CpuSeconds(int pid)
    {
        // proc(5): behind the name in parentheses, times in user and kernel mode are the 12th and 13th word, in hundredths.
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(words[11], CultureInfo.InvariantCulture) + long.Parse(words[12], CultureInfo.InvariantCulture)) / 100.0;
    }

    private static T Living<T>(Func<T> look)
        where T : struct
    {
        try
        {
            return look();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException) // what has ended and is still listed has no memory
        {
            return default;
        }
    }
}
