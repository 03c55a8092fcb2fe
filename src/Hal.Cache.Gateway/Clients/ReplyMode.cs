namespace Hal.Cache.Gateway.Clients;

/// <summary>CLIENT REPLY: which replies the client gets.</summary>
internal enum ReplyMode
{
    On,

    /// <summary>None until CLIENT REPLY ON.</summary>
    Off,

    /// <summary>All but that of the next command.</summary>
    SkipNext,

    /// <summary>All but that of the command that is running.</summary>
    Skip,
}

/// <summary>What follows from a <see cref="ReplyMode"/>.</summary>
internal static class ReplyModes
{
    /// <summary>Whether what is written now is dropped, messages out of band excepted.</summary>
    public static bool IsSilent(this ReplyMode mode) => mode is ReplyMode.Off or ReplyMode.Skip;
}
