using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Report;

/// <summary>A measured table, with what took part in it besides the run's servers.</summary>
internal sealed record ReportTable(LoadTable Table, IReadOnlyList<ReportRow> Rows, IReadOnlyList<(string Name, string Version)>? Versions = null);

/// <summary>All that a run found, with what is needed to judge or repeat it.</summary>
internal sealed record LoadReport(
    LoadOptions Options,
    Machine Machine,
    IReadOnlyList<(string Name, string Version)> Versions,
    DateTimeOffset Date,
    IReadOnlyList<ReportTable> Tables);
