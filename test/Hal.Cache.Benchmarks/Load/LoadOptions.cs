using System.Text.RegularExpressions;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>What one run of the load program measures.</summary>
internal sealed record LoadOptions
{
    public const int RoundsDefault = 5;
    public const int ConnectionsDefault = 50;
    public const double SecondsDefault = 1.5;
    public const int ManyKeysDefault = 1_000_000;

    /// <summary>Measured runs of each cell and server; the median is reported.</summary>
    public int Rounds { get; init; } = RoundsDefault;

    public int Connections { get; init; } = ConnectionsDefault;

    /// <summary>Aim for one run's length, in seconds.</summary>
    public double Seconds { get; init; } = SecondsDefault;

    /// <summary>Keys in the memory and restart rows.</summary>
    public int ManyKeys { get; init; } = ManyKeysDefault;

    /// <summary>A smoke run: a few cells, one round, few keys.</summary>
    public bool Quick { get; init; }

    /// <summary>Only the rows whose name matches.</summary>
    public Regex? Only { get; init; }

    public IReadOnlyList<string> Servers { get; init; } = ServerCatalog.Names;

    public IReadOnlyList<LoadTable> Tables { get; init; } = LoadTable.All;

    /// <summary>Where the report goes; null prints it only.</summary>
    public string? Out { get; init; }

    /// <summary>The command as typed, for the report.</summary>
    public string CommandLine { get; init; } = "";

    public bool Wants(string row) => Only is null || Only.IsMatch(row);
}
