using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Persistence;

/// <summary>The names of kinds as they are stored: fixed here, so that renaming a member in code does not lose records.</summary>
internal static class StoredKinds
{
    public static string Name(StoredKind kind) => kind switch
    {
        StoredKind.Link => "link",
        StoredKind.Slots => "slots",
        StoredKind.Setting => "setting",
        StoredKind.Batch => "batch",
        StoredKind.Prestage => "prestage",
        StoredKind.Pin => "pin",
        StoredKind.Manifest => "manifest",
        StoredKind.Instance => "instance",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no stored name"),
    };

    /// <summary>Null for a name that only a later version knows.</summary>
    public static StoredKind? Parse(string name)
    {
        foreach (var kind in Enum.GetValues<StoredKind>())
        {
            if (Name(kind) == name) return kind;
        }
        return null;
    }
}
