namespace Hal.Cache.Gateway;

/// <summary>The access categories of a command: those of its row, of its group, and those that follow from its flags.</summary>
internal static class CommandCategories
{
    private static readonly Dictionary<string, string> OfGroup = new()
    {
        ["string"] = "string", ["bitmap"] = "bitmap", ["hash"] = "hash", ["list"] = "list", ["set"] = "set", ["sorted-set"] = "sortedset",
        ["stream"] = "stream", ["geo"] = "geo", ["hyperloglog"] = "hyperloglog", ["connection"] = "connection",
        ["scripting"] = "scripting", ["transactions"] = "transaction",
    };

    /// <summary>All categories, in Redis's order.</summary>
    public static readonly string[] All =
    [
        "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo", "stream", "pubsub", "admin",
        "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
    ];

    public static IEnumerable<string> Of(CommandSpec spec)
    {
        var names = new List<string>();
        Add(spec.Has(CommandFlags.Write), "write");
        Add(spec.Has(CommandFlags.ReadOnly) && !Peers.CommandRouting.IsScripting(spec), "read"); // who may read may not run scripts
        Add(spec.Has(CommandFlags.Admin), "admin");
        Add(spec.Has(CommandFlags.Admin), "dangerous");
        Add(spec.Has(CommandFlags.PubSub), "pubsub");
        Add(spec.Has(CommandFlags.Blocking), "blocking");
        if (spec.Subcommands.Length == 0 && OfGroup.TryGetValue((spec.Container ?? spec).Group, out string? group))
            Add(true, group);
        foreach (string own in spec.FullName is "client" or "function" or "script" ? [] : spec.Categories) // only their subcommands are of the category
            Add(true, own);
        Add(true, spec.Has(CommandFlags.Fast) ? "fast" : "slow");
        return names;

        void Add(bool has, string name)
        {
            if (has && !names.Contains(name)) names.Add(name);
        }
    }
}
