namespace Hal.Cache.Silo;

/// <summary>What the process tells its caller; scripts depend on these.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The start or the stop failed: an address in use, a data directory that can't be opened, a stop beyond its deadline.</summary>
    public const int Failed = 1;

    /// <summary>A setting is wrong; standard error has one line with the setting, its value and the rule.</summary>
    public const int BadSetting = 2;
}
