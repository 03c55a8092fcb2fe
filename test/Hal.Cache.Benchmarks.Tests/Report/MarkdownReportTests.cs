using Hal.Cache.Benchmarks.Load;
using Hal.Cache.Benchmarks.Report;

namespace Hal.Cache.Benchmarks.Tests.Report;

public sealed class MarkdownReportTests
{
    [Fact]
    public void Ratio_is_over_1_when_ahead_whichever_way_the_unit_runs()
    {
        var rate = Row("GET", higherIsBetter: true, ("hal", 300), ("redis", 200));
        var memory = Row("memory", higherIsBetter: false, ("hal", 50), ("redis", 100));

        Assert.Equal(1.5, rate.Ratio("hal", "redis"));
        Assert.Equal(2, memory.Ratio("hal", "redis"));
        Assert.False(rate.IsBehind("hal"));
        Assert.False(memory.IsBehind("hal"));
    }

    [Fact]
    public void Write_has_figures_latencies_and_ratios_in_each_row()
    {
        var text = MarkdownReport.Write(Report(Row("GET 16 B P1", true, ("hal", 141.23), ("redis", 94.15))), "");

        Assert.Contains("| GET 16 B P1 | k req/s | 141 | 0.500 / 2.00 | 94.2 | 0.500 / 2.00 | 1.50 |  |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Cause_is_kept_while_its_row_is_behind_and_dropped_when_it_is_not()
    {
        var behind = Row("GET 16 B P1", true, ("hal", 90), ("redis", 100));
        var written = MarkdownReport.Write(Report(behind), "")
            .Replace($"| {Causes.Unknown} |", "| the client is the limit |", StringComparison.Ordinal);

        var again = MarkdownReport.Write(Report(behind), written);
        var ahead = MarkdownReport.Write(Report(Row("GET 16 B P1", true, ("hal", 110), ("redis", 100))), written);

        Assert.Contains("| 0.90 | the client is the limit |", again, StringComparison.Ordinal);
        Assert.DoesNotContain("the client is the limit", ahead, StringComparison.Ordinal);
    }

    [Fact]
    public void Cause_of_one_table_is_not_that_of_the_other()
    {
        var behind = Row("GET 16 B P1", true, ("hal", 90), ("redis", 100));
        var written = MarkdownReport.Write(Report(behind), "").Replace(Causes.Unknown, "here only", StringComparison.Ordinal);

        var causes = Causes.Parse(written);

        Assert.Equal("here only", causes.For(LoadTable.None.Heading, "GET 16 B P1"));
        Assert.Equal(Causes.Unknown, causes.For(LoadTable.Commit.Heading, "GET 16 B P1"));
    }

    [Fact]
    public void A_table_that_was_not_measured_stays_as_it_was()
    {
        var earlier = MarkdownReport.Write(Report(Row("GET 16 B P1", true, ("hal", 90), ("redis", 100))), "");
        var types = Report() with { Tables = [new ReportTable(LoadTable.Types, [Row("HSET P1", true, ("hal", 110), ("redis", 100))])] };

        var both = MarkdownReport.Write(types, earlier);

        Assert.StartsWith(earlier, both, StringComparison.Ordinal);
        Assert.Contains("| HSET P1 |", both[earlier.Length..], StringComparison.Ordinal);
        Assert.Equal(both, MarkdownReport.Write(types, both));
    }

    [Fact]
    public void Part_of_another_column_is_the_median_of_the_rounds_own_parts()
    {
        var recorder = new RowRecorder("paired", "k req/s", higherIsBetter: true, Aim.AtLeast(0.9, "plain"));
        foreach (var (hal, plain) in new[] { (50.0, 100.0), (90.0, 100.0), (160.0, 200.0) })
        {
            recorder.Add("hal", new Sample(hal));
            recorder.Add("plain", new Sample(plain));
        }

        var row = recorder.Build();

        Assert.Equal(90, row.Samples["hal"].Value);
        Assert.Equal(0.8, row.Aim!.Reached(row, "hal"));
        recorder.Add("plain", new Sample(100));
        Assert.Equal(90.0 / 100, recorder.Build().Aim!.Reached(recorder.Build(), "hal"));
    }

    [Fact]
    public void Aim_says_what_was_reached_of_it_and_asks_for_a_cause_where_it_is_not_met()
    {
        ReportRow[] rows =
        [
            Aimed("half", Aim.AtLeast(0.97, "plain"), ("hal", 50), ("plain", 100)),
            Aimed("quick", Aim.AtMost(2), ("hal", 1.5)),
            Aimed("alone", Aim.AtLeast(1, "nginx"), ("hal", 7)),
            Aimed("told", null, ("hal", 7)),
        ];

        var text = MarkdownReport.Write(Report() with { Tables = [new ReportTable(LoadTable.Tree, rows, [("hal", "1")])] }, "");

        Assert.Contains($"| half | ms | 50.0 | 100 | – | – | – | at least 0.97 x plain | 0.500 | no | {Causes.Unknown} |", text, StringComparison.Ordinal);
        Assert.Contains("| quick | ms | 1.50 | – | – | – | – | at most 2 | 1.50 | yes |  |", text, StringComparison.Ordinal);
        Assert.Contains("| alone | ms | 7.00 | – | – | – | – | at least 1 x nginx |  | not measured |  |", text, StringComparison.Ordinal);
        Assert.Contains("| told | ms | 7.00 | – | – | – | – |  |  |  |  |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_is_shown_in_its_cell_and_said_once_below_the_table()
    {
        var first = new RowRecorder("GET a", "k req/s", true);
        var second = new RowRecorder("GET b", "k req/s", true);
        foreach (var row in (RowRecorder[])[first, second])
        {
            row.Add("hal", new Sample(5));
            row.Add("redis", new Sample(5));
            row.Fail("redis", "it ended");
        }

        var text = MarkdownReport.Write(Report(first.Build(), second.Build()), "");

        Assert.Contains("| GET a | k req/s | 5.00 | – | failed | – | – |  |", text, StringComparison.Ordinal);
        Assert.Contains("- GET a; GET b: redis failed: it ended\n", text, StringComparison.Ordinal);
    }

    private static ReportRow Row(string name, bool higherIsBetter, params (string Server, double Value)[] figures)
    {
        var row = new RowRecorder(name, "k req/s", higherIsBetter);
        foreach (var (server, value) in figures)
            row.Add(server, new Sample(value, 0.5, 2));
        return row.Build();
    }

    private static ReportRow Aimed(string name, Aim? aim, params (string Column, double Value)[] figures)
    {
        var row = new RowRecorder(name, "ms", true, aim);
        foreach (var (column, value) in figures)
            row.Add(column, new Sample(value));
        return row.Build();
    }

    private static LoadReport Report(params ReportRow[] rows) => new(
        new LoadOptions { Servers = ["hal", "redis"] },
        new Machine("a processor", 2, 1L << 30, "a kernel", "a system", "ext4", "0 0 0"),
        [("redis", "7")],
        DateTimeOffset.UnixEpoch,
        [new ReportTable(LoadTable.None, rows)]);
}
