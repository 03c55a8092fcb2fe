using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Report;

internal sealed record ReportTable(LoadTable Table, IReadOnlyList<ReportRow> Rows);

/// <summary>All that a run found, with what is needed to judge or repeat it.</summary>
internal sealed record LoadReport(
    LoadOptions Options,
    Machine Machine,
    IReadOnlyList<(string Name, string Version)> Versions,
    DateTimeOffset Date,
    IReadOnlyList<ReportTable> Tables);
