using System.Diagnostics;
using Hal.Cache.Benchmarks.Micro.Gateway;

namespace Hal.Cache.Benchmarks.Tests.Micro;

public sealed class ConnectionCasesTests
{
    [Theory]
    [InlineData("GET that hits")]
    [InlineData("SET of a key that exists")]
    public async Task Command_through_a_connection_allocates_nothing(string name)
    {
        await using var connection = new MemoryConnection();

        var result = ConnectionCases.Create(connection).Single(one => one.Name.Contains(name, StringComparison.Ordinal)).Run();

        Assert.True(result.IsWithin, result.ToString());
        Assert.Equal(0, result.CeilingBytes);
    }

    [Fact]
    public async Task Get_that_hits_makes_no_span_and_allocates_nothing_while_spans_are_listened_to()
    {
        var made = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name.StartsWith("Hal.Cache.", StringComparison.Ordinal),
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = _ => Interlocked.Increment(ref made),
        };
        ActivitySource.AddActivityListener(listener);
        await using var connection = new MemoryConnection();

        var result = ConnectionCases.Create(connection).First().Run();

        Assert.True(result.IsWithin, result.ToString());
        Assert.Equal((0, 0), (result.CeilingBytes, made));
    }

    [Fact]
    public async Task Ask_throws_when_the_reply_is_another()
    {
        await using var connection = new MemoryConnection();

        Assert.Throws<BenchmarkException>(() => connection.Ask(MemoryConnection.Request("PING"), "+OK\r\n"u8.ToArray()));
    }
}
