using System.Security.Cryptography;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Silo.Settings;

/// <summary>Rules between the settings of instances: names, parents, the roots and their slots, the shared secret.</summary>
internal static class TreeRules
{
    private const int SecretBytes = 32;

    /// <summary>The first rule that is broken; null where all hold, and then every instance of a tree has a root and a secret.</summary>
    public static SettingError? Check(SiloOptions silo)
    {
        var instances = silo.Instances;
        foreach (var same in instances.GroupBy(i => i.Name).Where(g => g.Count() > 1))
            return new SettingError("name", same.Key, "must differ between instances");
        foreach (var same in instances.SelectMany(i => i.Listens).Where(a => a.Port != 0).GroupBy(a => a).Where(g => g.Count() > 1))
            return new SettingError("listen", same.Key.ToString(), "must differ between instances");
        foreach (var same in instances.Where(i => !i.MemoryOnly).GroupBy(i => i.Data).Where(g => g.Count() > 1))
            return new SettingError("data", same.Key, "must differ between instances");
        if (instances.Count(i => i.Role == InstanceRole.Root) > 1 && instances.Any(i => i.Role == InstanceRole.Root && i.RootSlots.Count == 0))
            return new SettingError("role", "root", "must be that of one instance of a silo only, unless roots divides the slots among them");
        foreach (var instance in instances)
        {
            if (CheckPlace(instance, instances) is { } error) return error;
        }
        return CheckSecret(instances);
    }

    private static SettingError? CheckPlace(SiloOptions instance, IReadOnlyList<SiloOptions> all)
    {
        if (instance.Role is null or InstanceRole.Root)
        {
            if (instance.Parent.Length > 0) return new SettingError("parent", instance.Parent, "must be given where role is branch or leaf, and only there");
            if (instance.RootSlots.Count > 0) return CheckRoots(instance, all);
            instance.Root = instance.Name;
            return null;
        }

        if (instance.Parent.Length == 0) return new SettingError("parent", null, $"must be given, because the role of '{instance.Name}' is {instance.Role.ToString()!.ToLowerInvariant()}");
        var above = instance;
        for (var levels = 0; above is { Parent.Length: > 0 }; levels++)
        {
            if (above.Parent == instance.Name || levels > all.Count) return new SettingError("parent", instance.Parent, $"must not be below '{instance.Name}' itself");
            var name = above.Parent;
            above = all.FirstOrDefault(i => i.Name == name);
            if (above is null && instance.Peers.All(p => p.Name != name) && name == instance.Parent)
                return new SettingError("parent", name, "must be the name of a peer, or of another instance of this silo");
            if (above is { Role: InstanceRole.Leaf }) return new SettingError("parent", name, "must be a root or a branch");
        }
        if (instance.RootSlots.Count > 0) return CheckRoots(instance, all);
        if (instance.Root.Length == 0) instance.Root = all.FirstOrDefault(i => i.Role == InstanceRole.Root)?.Name ?? instance.Parent;
        if (all.All(i => i.Name != instance.Root) && instance.Peers.All(p => p.Name != instance.Root))
            return new SettingError("root", instance.Root, "must be the name of a peer, or of another instance of this silo");
        return null;
    }

    // Where there are several roots, the first one that is named is the default, unless another one is said to be.
    private static SettingError? CheckRoots(SiloOptions instance, IReadOnlyList<SiloOptions> all)
    {
        if (instance.Role is null) return new SettingError("roots", null, "must be given to instances of a tree only, which have a role");
        if (instance.Root.Length == 0) instance.Root = instance.RootSlots[0].Root;
        if (RootTable.Problem(instance.RootSlots, instance.Root) is { } wrong)
            return new SettingError(wrong.Value == instance.Root ? "root" : "roots", wrong.Value, wrong.Rule);
        var roots = instance.Roots;
        foreach (var name in roots.Names.Where(name => all.All(i => i.Name != name) && instance.Peers.All(p => p.Name != name)))
            return new SettingError("roots", name, "must be the name of a peer, or of another instance of this silo");
        var isRoot = instance.Role is InstanceRole.Root;
        if (roots.IsRoot(instance.Name) == isRoot) return null;
        return new SettingError("roots", instance.Name, isRoot ? "must have slots, because its role is root" : "must have no slots, because its role is not root");
    }

    private static SettingError? CheckSecret(IReadOnlyList<SiloOptions> instances)
    {
        var own = RandomNumberGenerator.GetBytes(SecretBytes);
        foreach (var instance in instances.Where(i => i.Role is not null && i.ClusterSecret.Length == 0))
        {
            // Alone in its process, the tree needs no secret that anybody else knows.
            if (instance.Peers.Count > 0 || instances.Count == 1) return new SettingError("cluster-secret", null, "must be given where other processes have a part of the tree");
            instance.ClusterSecret = own;
        }
        return null;
    }
}
