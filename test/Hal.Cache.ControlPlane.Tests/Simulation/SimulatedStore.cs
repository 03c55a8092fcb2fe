using System.Text;
using Hal.Cache.ControlPlane.Reporting;

namespace Hal.Cache.ControlPlane.Tests.Simulation;

/// <summary>An instance's store: keys with sizes and versions; a scan sees changes between its batches and tells some keys twice.</summary>
internal sealed class SimulatedStore(Random random) : IContentScan
{
    private readonly SortedDictionary<string, (long Size, long Version)> entries = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, (long Size, long Version)> Entries => entries;

    public Before Set(string key, long size, long version)
    {
        var before = Look(key);
        entries[key] = (size, version);
        return before;
    }

    public Before Remove(string key)
    {
        var before = Look(key);
        entries.Remove(key);
        return before;
    }

    public ulong Read(ulong cursor, int max, IContentSink sink)
    {
        // Keys lie at places, by their last letter, which changes between the batches do not move.
        var told = 0;
        for (var place = (int)cursor; place < 128; place++)
        {
            if (told >= max) return (ulong)place;
            foreach (var (key, held) in entries.Where(e => e.Key[^1] == place))
            {
                told++;
                sink.Tell(Encoding.UTF8.GetBytes(key), 0, held.Size, held.Version);
                if (random.Next(20) == 0) sink.Tell(Encoding.UTF8.GetBytes(key), 0, held.Size, held.Version);
            }
        }
        return 0;
    }

    private Before Look(string key) => entries.TryGetValue(key, out var held) ? Before.Copy(held.Size, held.Version) : Before.Nothing;
}
