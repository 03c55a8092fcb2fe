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
            return spec.IsWrite && !spec.Has(CommandFlags.Local) && !spec.Keys.IsNone; // PFDEBUG
        if (spec.Has(CommandFlags.Write | CommandFlags.Blocking) || IsScripting(spec) || spec.FanOut != FanOut.None)
            return true;
        return spec.Has(CommandFlags.ReadOnly) && spec.Keys.IsNone && spec.MoreKeys.Length == 0;
    }

    /// <summary>Whether a transaction with the command runs at the authority: it uses keys, or runs there by itself.</summary>
    public static bool NeedsAuthority(CommandSpec spec) =>
        RunsAtAuthority(spec) || (!spec.IsKeyless && (spec.Keys.Flags & KeyFlags.NotKey) == 0);

    /// <summary>
    /// Whether a command of a transaction that the authority runs is run here nevertheless: it is about this connection or this instance. A database is chosen
    /// there too, for the commands that follow; messages, and DEBUG's sleep, keep their place among the changes.
    /// </summary>
    public static bool RunsHere(CommandSpec spec) =>
        !NeedsAuthority(spec) && !spec.IsWrite && spec.Name is not ("select" or "publish" or "spublish") && spec.Container?.Name != "debug";

    /// <summary>Whether the command changes how those behind it are answered, in a way that the authority would have to know of.</summary>
    public static bool ChangesReplies(CommandSpec spec) => spec.Name is "hello" or "auth" || spec.FullName is "client|tracking" or "client|caching";

    /// <summary>How one reply is made of those of all roots, for a command that concerns the data set, or the scripts, of each.</summary>
    public static FanOut FanOutOf(string fullName) => fullName switch
    {
        "dbsize" or "cluster|countkeysinslot" => FanOut.Sum,
        "keys" or "cluster|getkeysinslot" => FanOut.Concat,
        "scan" => FanOut.Scan,
        "randomkey" => FanOut.Chance,
        "waitaof" => FanOut.Least,
        "flushall" or "flushdb" or "swapdb" or "script|load" or "script|flush" => FanOut.All,
        "function|load" or "function|delete" or "function|flush" or "function|restore" => FanOut.All,
        "script|kill" or "function|kill" => FanOut.Any,
        _ => FanOut.None,
    };

    /// <summary>A script may use any key, and scripts and libraries live where they run.</summary>
    public static bool IsScripting(CommandSpec spec) => spec.Group == "scripting" || spec.Container?.Group == "scripting";
}
