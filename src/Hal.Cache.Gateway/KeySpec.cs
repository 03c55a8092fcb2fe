namespace Hal.Cache.Gateway;

/// <summary>Where a command's keys are among its arguments, as COMMAND INFO tells it: a negative last counts from the end.</summary>
internal readonly record struct KeySpec(int First, int Last, int Step)
{
    public static readonly KeySpec None = new(0, 0, 0);
    public static readonly KeySpec One = new(1, 1, 1);
    public static readonly KeySpec All = new(1, -1, 1);

    /// <summary>The argument of the last key in a command of so many arguments.</summary>
    public int LastOf(int count) => Last >= 0 ? Last : count + Last;
}
