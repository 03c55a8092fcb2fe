using System.Runtime.InteropServices;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>Keys and bytes by the set of instances that hold them: a job's many keys have few different sets. Not thread-safe.</summary>
internal sealed class HolderSets
{
    private readonly Dictionary<ushort[], Tally> sets = new(new SetComparer());
    private readonly Dictionary<ushort[], Tally>.AlternateLookup<ReadOnlySpan<ushort>> bySpan;

    public HolderSets() => bySpan = sets.GetAlternateLookup<ReadOnlySpan<ushort>>();

    public IReadOnlyDictionary<ushort[], Tally> All => sets;

    /// <summary>Counts a key; the holders are sorted in place.</summary>
    public void Add(Span<ushort> holders, long sizeBytes) => Add(holders, 1, sizeBytes);

    /// <summary>Counts keys; the holders are sorted in place.</summary>
    public void Add(Span<ushort> holders, long keys, long bytes)
    {
        holders.Sort();
        ref var tally = ref CollectionsMarshal.GetValueRefOrAddDefault(bySpan, holders, out _);
        tally = new Tally(tally.Keys + keys, tally.Bytes + bytes);
    }

    internal readonly record struct Tally(long Keys, long Bytes);

    private sealed class SetComparer : IEqualityComparer<ushort[]>, IAlternateEqualityComparer<ReadOnlySpan<ushort>, ushort[]>
    {
        public bool Equals(ushort[]? x, ushort[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(ushort[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<ushort> alternate, ushort[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<ushort> alternate)
        {
            uint hash = 2166136261;
            foreach (var instance in alternate) hash = (hash ^ instance) * 16777619;
            return (int)hash;
        }

        public ushort[] Create(ReadOnlySpan<ushort> alternate) => alternate.ToArray();
    }
}
