using System.Globalization;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>
/// A process with those that it has started, and their memory, as the kernel tells it; one that has ended, as nginx's cache loader does after a
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

    /// <summary>What a look at a process tells; the default of one that has ended.</summary>
    public static T Living<T>(Func<T> look)
        where T : struct
    {
        try
        {
            return look();
        }
        catch (IOException)
        {
            return default;
        }
    }

    /// <summary>A line of proc(5)'s status that is in KiB, in bytes.</summary>
    public static long Status(int pid, string name) => Living(() =>
    {
        var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(text => text.StartsWith(name, StringComparison.Ordinal)); // a zombie has no memory
        return line == null ? 0 : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    });
}
