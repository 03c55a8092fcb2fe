using Hal.Cache.Benchmarks.Micro.Contracts;
using Hal.Cache.Benchmarks.Micro.Gateway;

namespace Hal.Cache.Benchmarks.Micro;

/// <summary>Every case, a folder for each project of <c>src</c>.</summary>
internal static class MicroSuite
{
    public static IReadOnlyList<AllocationCheck> All(MemoryConnection connection) => [.. ResultCases.Create(), .. ConnectionCases.Create(connection)];

    /// <summary>Runs the cases, prints a line each and returns how many broke their ceiling.</summary>
    public static int Run(IEnumerable<AllocationCheck> cases, TextWriter output)
    {
        var broken = 0;
        foreach (var one in cases)
        {
            var result = one.Run();
            output.WriteLine(result);
            if (!result.IsWithin)
                broken++;
        }
        return broken;
    }
}
