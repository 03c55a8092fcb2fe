using Hal.Cache.Benchmarks.Load;

namespace Hal.Cache.Benchmarks.Report;

/// <summary>Collects one row's samples while the rounds go on.</summary>
internal sealed class RowRecorder(string name, string unit, bool higherIsBetter, Aim? aim = null)
{
    private readonly Dictionary<string, List<Sample>> samples = [];
    private readonly Dictionary<string, string> failures = [];
    private readonly List<string> notes = [];

    public string Name => name;

    public void Add(string server, Sample sample)
    {
        if (!samples.TryGetValue(server, out var list))
            samples.Add(server, list = []);
        list.Add(sample);
    }

    /// <summary>A server that failed in any round has no figure in this row.</summary>
    public void Fail(string server, string reason) => failures.TryAdd(server, reason);

    public bool HasFailed(string server) => failures.ContainsKey(server);

    /// <summary>Puts a text below the table, once.</summary>
    public void Note(string text)
    {
        if (!notes.Contains(text))
            notes.Add(text);
    }

    public ReportRow Build() => new(
        name,
        unit,
        higherIsBetter,
        samples.Where(pair => !failures.ContainsKey(pair.Key)).ToDictionary(pair => pair.Key, pair => Sample.Median(pair.Value)),
        failures,
        notes,
        aim)
    {
        Rounds = samples.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<Sample>)[.. pair.Value]),
    };
}
