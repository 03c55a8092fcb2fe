using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The rules of what instances tell of prestage jobs.</summary>
internal static class JobRules
{
    public static CacheError Unknown(string job) => new(CacheErrorCode.NotFound, $"there is no prestage job '{job}'");

    /// <summary>What is wrong with a number of keys to take; null where nothing.</summary>
    public static CacheError? CheckTake(int keysMax) => keysMax is >= 1 and <= ControlPlaneLimits.PrestageTakeMax
        ? null
        : new CacheError(CacheErrorCode.Invalid, $"keysMax is {keysMax}; it must be from 1 to {ControlPlaneLimits.PrestageTakeMax} (PrestageTakeMax)");

    /// <summary>What is wrong with progress; null where nothing.</summary>
    public static CacheError? Check(PrestageProgress progress) => progress.Done.Count + progress.Failed.Count <= ControlPlaneLimits.KeysMax
        ? null
        : new CacheError(CacheErrorCode.Invalid, $"progress tells of at most {ControlPlaneLimits.KeysMax} keys (KeysMax)");
}
