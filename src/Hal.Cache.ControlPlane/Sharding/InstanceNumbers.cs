namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>Names of instances as the small numbers that content maps have; a number is given again after its name is removed. Not thread-safe.</summary>
internal sealed class InstanceNumbers
{
    private readonly Dictionary<string, int> byName = new(StringComparer.Ordinal);
    private readonly List<string?> names = [];

    public IEnumerable<(string Name, int Number)> All => byName.Select(i => (i.Key, i.Value));

    public int? Find(string name) => byName.TryGetValue(name, out var number) ? number : null;

    public string? Name(int number) => names[number];

    /// <summary>The number of a name, a new one where it has none.</summary>
    public int Of(string name)
    {
        if (byName.TryGetValue(name, out var number)) return number;
        number = names.IndexOf(null);
        if (number < 0)
        {
            number = names.Count;
            names.Add(null);
        }
        names[number] = name;
        byName.Add(name, number);
        return number;
    }

    public void Remove(string name)
    {
        if (byName.Remove(name, out var number)) names[number] = null;
    }
}
