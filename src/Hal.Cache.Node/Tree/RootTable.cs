using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree;

/// <summary>
/// The roots of a tree, each the authority of its hash slots: the one place where it is looked up which root that is. All instances of a tree
/// have the same table.
/// </summary>
public sealed class RootTable
{
    /// <summary>Roots of one tree.</summary>
    public const int RootsMax = 16;

    private readonly string[] names;
    private readonly byte[]? bySlot;
    private readonly SlotAssignment[] slots;

    private RootTable(string[] names, string main, byte[]? bySlot, SlotAssignment[] slots) =>
        (this.names, Default, this.bySlot, this.slots) = (names, main, bySlot, slots);

    /// <summary>The root that runs what concerns no key, and whose time of day the tree has.</summary>
    public string Default { get; }

    /// <summary>All roots, in the order in which they were given.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>Whether there is more than one root, so that keys have to be looked at.</summary>
    public bool AreSeveral => bySlot is not null;

    /// <summary>The table of a tree with one root.</summary>
    public static RootTable Sole(string root) => new([root], root, null, [new(root, 0, HashSlots.Count - 1)]);

    /// <summary>The table of these assignments; throws <see cref="ArgumentException"/> where <see cref="Problem"/> tells one.</summary>
    public static RootTable From(IReadOnlyList<SlotAssignment> given, string main)
    {
        ArgumentNullException.ThrowIfNull(given);
        if (Problem(given, main) is { } wrong)
            throw new ArgumentException($"{wrong.Value} {wrong.Rule}", nameof(given));
        string[] names = [.. given.Select(each => each.Root).Distinct(StringComparer.Ordinal)];
        if (names.Length == 1)
            return Sole(main);
        var bySlot = new byte[HashSlots.Count];
        foreach (SlotAssignment each in given)
            bySlot.AsSpan(each.First, each.Last - each.First + 1).Fill((byte)Array.IndexOf(names, each.Root));
        return new(names, main, bySlot, Joined(given));
    }

    /// <summary>
    /// The first rule that assignments break, with the value that breaks it: every slot has one root, and the default is a root; null where they
    /// break none.
    /// </summary>
    public static (string Value, string Rule)? Problem(IReadOnlyList<SlotAssignment> given, string main)
    {
        ArgumentNullException.ThrowIfNull(given);
        int next = 0;
        SlotAssignment? last = null;
        foreach (SlotAssignment each in given.OrderBy(each => each.First).ThenBy(each => each.Last))
        {
            if (each.First < 0 || each.Last < each.First || each.Last >= HashSlots.Count)
                return ($"{each.Root}={each.First}-{each.Last}", $"must be slots within 0 to {HashSlots.Count - 1}, the first one first");
            if (each.First < next)
                return ($"{each.Root}={each.First}-{each.Last}", $"must not have slot {each.First}, which root '{last!.Root}' has");
            if (each.First > next)
                return (Shown(next, each.First - 1), "must be given to a root: every slot has one");
            (next, last) = (each.Last + 1, each);
        }

        if (next < HashSlots.Count)
            return (Shown(next, HashSlots.Count - 1), "must be given to a root: every slot has one");
        int count = given.Select(each => each.Root).Distinct(StringComparer.Ordinal).Count();
        if (count > RootsMax)
            return ($"{count} roots", $"must be at most {RootsMax} (RootsMax)");
        return given.Any(each => each.Root == main) ? null : (main, "must be one of the roots that have slots");
    }

    /// <summary>The root of a key.</summary>
    public string Of(ReadOnlySpan<byte> key) => names[IndexOf(key)];

    /// <summary>Number of a key's root in <see cref="Names"/>.</summary>
    public int IndexOf(ReadOnlySpan<byte> key) => bySlot is null ? 0 : bySlot[HashSlots.Of(key)];

    /// <summary>Whether a root is that of a key.</summary>
    public bool Owns(string root, ReadOnlySpan<byte> key) => bySlot is null || Of(key) == root;

    /// <summary>Whether an instance is one of the roots.</summary>
    public bool IsRoot(string instance) => Array.IndexOf(names, instance) >= 0;

    /// <summary>The slots of a root, as few ranges as can be.</summary>
    public IReadOnlyList<SlotRange> SlotsOf(string root) => [.. slots.Where(each => each.Root == root).Select(each => new SlotRange(each.First, each.Last))];

    // However a division was written, it is the same one: who compares two of them must not see the seams.
    private static SlotAssignment[] Joined(IReadOnlyList<SlotAssignment> given)
    {
        var joined = new List<SlotAssignment>();
        foreach (SlotAssignment each in given.OrderBy(each => each.First))
        {
            if (joined.Count > 0 && joined[^1].Root == each.Root)
                joined[^1] = joined[^1] with { Last = each.Last };
            else
                joined.Add(each);
        }

        return [.. joined];
    }

    private static string Shown(int first, int last) => first == last ? $"slot {first}" : $"{first}-{last}";
}
