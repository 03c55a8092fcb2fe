using Hal.Cache.Contracts;

namespace Hal.Cache.Benchmarks.Micro.Contracts;

/// <summary>Results pass through every read: carrying a value in one must cost no allocation.</summary>
internal static class ResultCases
{
    public static IEnumerable<AllocationCheck> Create()
    {
        var sum = 0L;
        yield return new AllocationCheck("Result: value in and out", ceilingBytes: 0, () =>
        {
            Result<long> result = sum + 1;
            if (result.IsOk)
                sum = result.Value;
        });
    }
}
