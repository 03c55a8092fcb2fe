namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Where a command runs in an instance that is not the authority of its keys: the one place that decides it, from the row's flags and
/// key specs alone.
/// </summary>
internal static class CommandRouting
{
    /// <summary>
    /// Whether the authority runs the command: what may write or wait for a write, scripts, and what tells of the whole data set. The rest is
    /// answered here: reads of keys from copies, and what concerns this connection or this instance.
    /// </summary>
    public static bool RunsAtAuthority(CommandSpec spec)
    {
        const CommandFlags here = CommandFlags.Local | CommandFlags.Admin | CommandFlags.PubSub;
        if (spec.Has(here))
            return false;
        if (spec.Has(CommandFlags.Write | CommandFlags.Blocking) || IsScripting(spec))
            return true;
        return spec.Has(CommandFlags.ReadOnly) && spec.Keys.IsNone && spec.MoreKeys.Length == 0;
    }

    /// <summary>A script may use any key, and scripts and libraries live where they run.</summary>
    public static bool IsScripting(CommandSpec spec) => spec.Group == "scripting" || spec.Container?.Group == "scripting";
}
