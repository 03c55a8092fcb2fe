using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Tests.Load;

public sealed class RedisBenchmarkCsvTests
{
    private const string Output = """
        "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
        "SET","555555.56","1.325","0.368","1.247","2.311","2.847","4.343"
        "GET","651465.75","1.124","0.376","1.063","1.591","3.087","4.735"

        """;

    [Fact]
    public void Parse_returns_rate_and_latencies_of_the_named_test() =>
        Assert.Equal(new Sample(651_465.75, 1.063, 3.087), RedisBenchmarkCsv.Parse(Output, "GET"));

    [Fact]
    public void Parse_reads_the_only_test_even_where_its_name_has_commas()
    {
        var output = Output.Split('\n')[0] + "\n\"ZADD a,b 1\",\"5.5\",\"1\",\"1\",\"2.5\",\"3\",\"4.5\",\"5\"\n";

        Assert.Equal(new Sample(5.5, 2.5, 4.5), RedisBenchmarkCsv.Parse(output, null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Error: Server closed the connection\n")]
    [InlineData("\"test\",\"rps\"\n")]
    [InlineData("\"test\",\"rps\"\n\"GET\"\n")]
    public void Parse_fails_with_the_output_when_there_is_no_result(string output)
    {
        var failure = Assert.Throws<BenchmarkException>(() => RedisBenchmarkCsv.Parse(output, "GET"));

        Assert.Contains("no result for GET", failure.Message, StringComparison.Ordinal);
    }
}
