using System.Collections.Immutable;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.ControlPlane.Instances;

/// <summary>The names in a tree and who is whose parent. Changes are the host's to serialise; look-ups may come from any thread.</summary>
internal sealed class InstanceRegistry(InstanceOptions options)
{
    private volatile ImmutableSortedDictionary<string, CacheInstance> byName = ImmutableSortedDictionary.Create<string, CacheInstance>(StringComparer.Ordinal);
    private volatile CacheInstance?[] byNumber = [];

    /// <summary>By name.</summary>
    public ImmutableSortedDictionary<string, CacheInstance> All => byName;

    /// <summary>By number; null where the number is not in use. Not to be changed.</summary>
    public CacheInstance?[] Numbered => byNumber;

    public CacheInstance? Find(string name) => byName.GetValueOrDefault(name);

    public CacheInstance? Find(int number) => byNumber is var all && number < all.Length ? all[number] : null;

    public static CacheError Unknown(string name) => new(CacheErrorCode.NotFound, $"there is no instance '{name}'; it must register first");

    /// <summary>What a registration breaks by itself or in the tree; null where nothing.</summary>
    public CacheError? Check(InstanceRegistration registration)
    {
        if (!Names.IsValid(registration.Name)) return Names.Invalid("instance's name", registration.Name);
        if (registration.ProtocolVersion != ControlPlaneLimits.ProtocolVersion)
        {
            return new CacheError(
                CacheErrorCode.Conflict,
                $"silo '{registration.Silo}' speaks version {registration.ProtocolVersion}; the control plane speaks {ControlPlaneLimits.ProtocolVersion}");
        }
        if (registration.Epoch < 0 || registration.Sequence < 0) return new CacheError(CacheErrorCode.Invalid, "epoch and sequence must be 0 or more");
        if (registration.Role == InstanceRole.Root)
            return registration.Parent is null ? null : new CacheError(CacheErrorCode.Invalid, $"root '{registration.Name}' must have no parent");
        if (registration.Parent is null) return new CacheError(CacheErrorCode.Invalid, $"instance '{registration.Name}' must have a parent, since it is no root");
        if (registration.Slots is not null) return new CacheError(CacheErrorCode.Invalid, "only a root may claim slots");
        return CheckParent(registration);
    }

    public Result<CacheInstance> Add(InstanceRegistration registration, DateTimeOffset now)
    {
        if (byName.Count >= ControlPlaneLimits.InstancesMax)
            return new CacheError(CacheErrorCode.Busy, $"there are {byName.Count} instances already, which is the limit (InstancesMax)");
        var number = Array.IndexOf(byNumber, null);
        if (number < 0) number = byNumber.Length;
        var instance = new CacheInstance(number, registration, now, options);
        var numbered = new CacheInstance?[Math.Max(byNumber.Length, number + 1)];
        byNumber.CopyTo(numbered, 0);
        numbered[number] = instance;
        byNumber = numbered;
        byName = byName.Add(instance.Name, instance);
        return instance;
    }

    /// <summary>Forgets an instance whose content is dropped.</summary>
    public void Remove(CacheInstance instance)
    {
        var numbered = (CacheInstance?[])byNumber.Clone();
        numbered[instance.Number] = null;
        byNumber = numbered;
        byName = byName.Remove(instance.Name);
    }

    public CacheInstance? ChildOf(string name) => byName.Values.FirstOrDefault(i => i.Registration.Parent == name);

    private CacheError? CheckParent(InstanceRegistration registration)
    {
        var depth = 1;
        for (var parent = registration.Parent; parent is not null; depth++)
        {
            if (parent == registration.Name)
                return new CacheError(CacheErrorCode.Conflict, $"instance '{registration.Name}' would be its own ancestor, by way of '{registration.Parent}'");
            if (depth > ControlPlaneLimits.DepthMax)
                return new CacheError(CacheErrorCode.Invalid, $"instance '{registration.Name}' would be deeper than {ControlPlaneLimits.DepthMax} levels (DepthMax)");
            if (Find(parent) is not { } found)
                return new CacheError(CacheErrorCode.NotFound, $"there is no instance '{parent}', which would be an ancestor of '{registration.Name}'");
            parent = found.Registration.Parent;
        }
        return null;
    }
}
