namespace Hal.Cache.Scripting;

/// <summary>The limits of scripts, by name.</summary>
public static class ScriptLimits
{
    /// <summary>Memory of one Lua state, in bytes; a script that needs more fails.</summary>
    public const long MemoryBytesMax = 256L << 20;

    /// <summary>Memory with which a state is kept for the next script without a collection, in bytes.</summary>
    public const long MemoryBytesKept = 8L << 20;

    /// <summary>Instructions between two looks at the clock.</summary>
    public const int StepsPerTick = 10_000;

    /// <summary>Deepest nesting of tables in a reply.</summary>
    public const int ReplyDepthMax = 1000;

    /// <summary>Arguments of one call.</summary>
    public const int ArgumentsMax = 1_000_000;
}
