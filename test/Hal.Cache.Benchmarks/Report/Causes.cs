namespace Hal.Cache.Benchmarks.Report;

/// <summary>What people wrote in the last column of an earlier report, by table heading and row.</summary>
internal sealed class Causes
{
    /// <summary>What an unexplained cell that is behind shows, until somebody writes its cause there.</summary>
    public const string Unknown = "not yet known";

    private readonly Dictionary<(string Table, string Row), string> texts = [];

    private Causes()
    {
    }

    public static Causes Parse(string markdown)
    {
        var causes = new Causes();
        var table = "";
        var inTable = false;
        foreach (var line in markdown.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                table = line[3..];
            // A table's first two lines are its head.
            var isRow = line.StartsWith('|');
            if (isRow && inTable && !line.StartsWith("|---", StringComparison.Ordinal))
            {
                var cells = line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray();
                if (cells[^1].Length > 0 && cells[^1] != Unknown)
                    causes.texts[(table, cells[0])] = cells[^1];
            }
            inTable = isRow;
        }
        return causes;
    }

    public string For(string table, string row) => texts.GetValueOrDefault((table, row), Unknown);
}
