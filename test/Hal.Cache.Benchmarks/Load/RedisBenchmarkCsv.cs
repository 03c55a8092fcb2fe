using System.Globalization;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Reads <c>redis-benchmark --csv</c>: a header line with column names, then a line per test, all quoted.</summary>
internal static class RedisBenchmarkCsv
{
    /// <summary>
    /// The named test's rate and latencies, or those of the only test, whose name is its command and may have commas;
    /// <see cref="BenchmarkException"/> with the output where there is none.
    /// </summary>
    public static Sample Parse(string output, string? test)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Fields).ToList();
        var header = lines.FindIndex(fields => fields[0] == "test");
        var row = lines.Skip(header + 1).FirstOrDefault(fields => test is null || fields[0] == test);
        if (header < 0 || row is null || row.Length < lines[header].Length)
            throw new BenchmarkException($"redis-benchmark gave no result for {test ?? "the command"}: {output.Trim().ReplaceLineEndings(" / ")}");
        return new Sample(Field("rps") ?? 0, Field("p50_latency_ms"), Field("p99_latency_ms"));

        double? Field(string column)
        {
            var index = Array.IndexOf(lines[header], column);
            return index >= 0 && double.TryParse(row[^(lines[header].Length - index)], CultureInfo.InvariantCulture, out var value) ? value : null;
        }
    }

    private static string[] Fields(string line) => [.. line.Split(',').Select(field => field.Trim('"'))];
}
