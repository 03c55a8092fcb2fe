using System.Globalization;
using System.Text;
using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Report;

/// <summary>Writes a report as Markdown: for each table what was measured where, and its rows.</summary>
internal static class MarkdownReport
{
    private const string Ours = "hal";
    private const string Absent = "–";

    private const string Title = """
        # Load, side by side

        Written by the load program, a table at a time; only the column `cause` is written by people, and kept while its row is behind.
        A ratio over 1 says that this silo is ahead, in every row of the tables that have servers side by side. The tables with the column
        `aim` say what was reached of it: the value itself, or its part of another column's, which is the median of the
        rounds' own parts where both were measured in the same rounds.


        """;

    /// <summary>The file with this report's tables in their places, and those that it did not measure as they were in <paramref name="earlier"/>.</summary>
    public static string Write(LoadReport report, string earlier)
    {
        var causes = Causes.Parse(earlier);
        var sections = Sections(earlier);
        foreach (var table in report.Tables)
        {
            var text = new StringBuilder();
            Table(text, report, table, causes);
            sections[table.Table.Heading] = text.ToString();
        }
        return Title + string.Concat(LoadTable.All.Select(table => sections.GetValueOrDefault(table.Heading)));
    }

    private static Dictionary<string, string> Sections(string text)
    {
        const string Mark = "\n## ";
        return text.Split(Mark).Skip(1).ToDictionary(section => section[..section.IndexOf('\n')], section => $"{Mark[1..]}{section.TrimEnd('\n')}\n\n");
    }

    private static void Provenance(StringBuilder text, LoadReport report, ReportTable table)
    {
        var (options, machine) = (report.Options, report.Machine);
        Line(text, $"- command: `dotnet run -c Release --project test/Hal.Cache.Benchmarks -- {options.CommandLine}`; {report.Date:yyyy-MM-dd HH:mm} UTC");
        Line(text, $"- machine: {machine.Cpu}, {machine.Cores} cores, {machine.MemoryBytes / (double)(1 << 30):0.0} GiB, {machine.System}, {machine.Kernel}; data on {machine.FileSystem}");
        Line(text, $"- client and servers share the machine; load average at start {machine.Load}; medians of {options.Rounds} {(table.Table.Columns is null ? $"alternating rounds, {options.Connections} connections; every GET hits" : "rounds, alternating where there are columns")}");
        Line(text, $"- {string.Join(", ", (table.Versions ?? report.Versions).Select(one => $"{one.Name} {one.Version}"))}");
        Line(text, $"");
    }

    private static void Table(StringBuilder text, LoadReport report, ReportTable table, Causes causes)
    {
        if (table.Table.Columns is { } columns)
            AimTable(text, report, table, columns, causes);
        else
            ServerTable(text, report, table, causes);
    }

    private static void AimTable(StringBuilder text, LoadReport report, ReportTable table, IReadOnlyList<string> columns, Causes causes)
    {
        var heading = table.Table.Heading;
        Line(text, $"## {heading}");
        Line(text, $"");
        Provenance(text, report, table);
        Line(text, $"|  | unit | {string.Join(" | ", columns)} | aim | reached | met | cause |");
        Line(text, $"|{string.Concat(Enumerable.Repeat("---|", columns.Count + 6))}");
        foreach (var row in table.Rows)
        {
            var met = row.Aim?.IsMet(row, columns[0]);
            string[] cells =
            [
                row.Name,
                row.Unit,
                .. columns.Select(name => Figure(row, name)),
                row.Aim?.ToString() ?? "",
                row.Aim?.Reached(row, columns[0]) is { } reached ? Number(reached) : "",
                met switch { true => "yes", false => "no", null => row.Aim is null ? "" : "not measured" },
                met == false ? causes.For(heading, row.Name) : "",
            ];
            Line(text, $"| {string.Join(" | ", cells)} |");
        }
        Line(text, $"");
        Remarks(text, table);
    }

    // With its 99th percentile where it has one; the row's unit says so.
    private static string Figure(ReportRow row, string column) => row.Samples.TryGetValue(column, out var sample)
        ? Number(sample.Value) + (sample.P99Ms is { } p99 ? $" / {Number(p99)}" : "")
        : row.Failures.ContainsKey(column) ? "failed" : Absent;

    private static void ServerTable(StringBuilder text, LoadReport report, ReportTable table, Causes causes)
    {
        var (servers, heading) = (report.Options.Servers, table.Table.Heading);
        var others = servers.Contains(Ours) ? servers.Where(name => name != Ours).ToList() : [];
        Line(text, $"## {heading}");
        Line(text, $"");
        Provenance(text, report, table);
        string[] columns =
        [
            "", "unit", .. servers.SelectMany(name => new[] { name, $"{name} p50 / p99 ms" }), .. others.Select(name => $"{Ours}/{name}"), "cause",
        ];
        Line(text, $"| {string.Join(" | ", columns)} |");
        Line(text, $"|{string.Concat(Enumerable.Repeat("---|", columns.Length))}");
        foreach (var row in table.Rows)
        {
            string[] cells =
            [
                row.Name,
                row.Unit,
                .. servers.SelectMany(name => Figures(row, name)),
                .. others.Select(name => row.Ratio(Ours, name)?.ToString("0.00", CultureInfo.InvariantCulture) ?? Absent),
                row.IsBehind(Ours) ? causes.For(heading, row.Name) : "",
            ];
            Line(text, $"| {string.Join(" | ", cells)} |");
        }
        Line(text, $"");
        Remarks(text, table);
    }

    private static string[] Figures(ReportRow row, string server)
    {
        if (!row.Samples.TryGetValue(server, out var sample))
            return [row.Failures.ContainsKey(server) ? "failed" : Absent, Absent];
        return [Number(sample.Value), sample.P50Ms is { } p50 && sample.P99Ms is { } p99 ? $"{Number(p50)} / {Number(p99)}" : Absent];
    }

    private static void Remarks(StringBuilder text, ReportTable table)
    {
        // A server that did not start fails in every row with one and the same reason: said once.
        var remarks = table.Rows
            .SelectMany(row => row.Failures.Select(failure => (row.Name, Text: $"{failure.Key} failed: {failure.Value}"))
                .Concat(row.Notes.Select(note => (row.Name, Text: note))))
            .GroupBy(remark => remark.Text)
            .ToList();
        foreach (var remark in remarks)
            Line(text, $"- {string.Join("; ", remark.Select(one => one.Name))}: {remark.Key}");
        if (remarks.Count > 0)
            Line(text, $"");
    }

    /// <summary>Three significant figures, and whole numbers from 100 on.</summary>
    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
