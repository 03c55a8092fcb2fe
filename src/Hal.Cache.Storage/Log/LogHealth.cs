namespace Hal.Cache.Storage.Log;

/// <summary>How the log is, and one line for a person.</summary>
internal sealed record LogHealth(LogState State, string Text)
{
    public static readonly LogHealth Ok = new(LogState.Ok, "ok");
}

internal enum LogState
{
    Ok,

    /// <summary>The file system is full or nearly so; appends are refused until there is space again, and nothing appended is lost.</summary>
    DiskFull,

    /// <summary>The device fails for another reason; writes are tried again, appends are refused meanwhile.</summary>
    Failed,
}
