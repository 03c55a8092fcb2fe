namespace Hal.Cache.Gateway.Peers;

/// <summary>A command that waits at an authority, or may: its number there, and the keys that it waits for.</summary>
internal readonly record struct ForwardedWait(string Authority, long Request, (int Database, ulong Hash)[] Keys, bool IsForGone)
{
    public static ForwardedWait Of(CommandContext context, string authority, long request)
    {
        List<(int Database, ulong Hash)> keys = [];
        Add(context, context.Spec.Keys, keys);
        foreach (KeySpec more in context.Spec.MoreKeys)
            Add(context, more, keys);
        return new(authority, request, [.. keys], context.Spec.Name == "xreadgroup");
    }

    // Where BLMOVE puts what it gets is no key that it waits for.
    private static void Add(CommandContext context, KeySpec spec, List<(int Database, ulong Hash)> keys)
    {
        if ((spec.Flags & KeyFlags.Insert) != 0 || !spec.TryRange(context, out int from, out int to))
            return;
        for (int arg = from; arg <= to; arg += spec.Step)
            keys.Add((context.Client.Database, context.Key(arg).Hash));
    }
}
