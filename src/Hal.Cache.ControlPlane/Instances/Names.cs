using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Instances;

/// <summary>The rule for names that people give.</summary>
internal static class Names
{
    public static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= ControlPlaneLimits.NameLengthMax } && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    public static CacheError Invalid(string what, string? name)
    {
        var shown = name is { Length: > ControlPlaneLimits.NameLengthMax } ? $"{name[..ControlPlaneLimits.NameLengthMax]}..." : name;
        return new CacheError(CacheErrorCode.Invalid, $"{what} is '{shown}'; it must be 1 to {ControlPlaneLimits.NameLengthMax} of a-z A-Z 0-9 - _ .");
    }
}
