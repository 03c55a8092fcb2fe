using System.Globalization;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>A process with those that it has started.</summary>
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
}
