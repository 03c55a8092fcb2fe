using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Peers;

/// <summary>Where commands run in a tree of several roots, by the roots of the keys that they name.</summary>
internal sealed class CommandPlaces(IKeyAuthorities authorities)
{
    private readonly RootTable roots = authorities.Roots;

    public CommandPlace Of(CommandContext c)
    {
        CommandSpec spec = c.Spec;
        if (!authorities.IsAuthority && !spec.RunsAtAuthority && spec.MoreKeys.Length == 0 && (!spec.Keys.TryRange(c, out int from, out int to) || from == to))
            return CommandPlace.Here; // whatever its root is
        if (!TryAuthority(c, out string? authority))
            return CommandPlace.Crossing;
        if (authorities.IsAuthority && IsFromPeer(c))
            return authority is null || authority == authorities.Self ? CommandPlace.Here : CommandPlace.Foreign;
        if (spec.Group == "transactions")
            return CommandPlace.Here; // which goes on with the keys itself
        if (authority is null)
        {
            return !spec.RunsAtAuthority ? CommandPlace.Here
                : spec.FanOut != FanOut.None ? CommandPlace.AllAuthorities
                : authorities.IsAuthority && authorities.Self == roots.Default ? CommandPlace.Here
                : CommandPlace.Authority;
        }

        if (authorities.IsAuthority)
            return authority == authorities.Self || spec.Has(CommandFlags.Local) ? CommandPlace.Here : CommandPlace.Authority;
        return spec.RunsAtAuthority ? CommandPlace.Authority : CommandPlace.Here;
    }

    /// <summary>Whether a command may be a part of the client's transaction; false with the error replied.</summary>
    public bool TryJoin(CommandContext c, ClientTransaction transaction)
    {
        CommandPlace place = Of(c);
        if (place == CommandPlace.AllAuthorities)
        {
            c.Error($"ERR '{c.Spec.FullName}' concerns all roots of the tree, and can't be a part of a transaction, which one of them runs");
            return false;
        }

        if (place is CommandPlace.Crossing or CommandPlace.Foreign)
        {
            Refuse(c, place);
            return false;
        }

        if (TryAuthority(c, out string? authority) && authority is not null)
            transaction.Meet(authority);
        return true;
    }

    /// <summary>The authority that runs a transaction, null where this instance does; false where its keys are of several.</summary>
    public bool TryPlace(CommandContext c, ClientTransaction transaction, out string? authority)
    {
        authority = null;
        if (authorities.IsAuthority && IsFromPeer(c))
            return true; // its keys were looked at one by one
        if (transaction.IsCrossing || (transaction.Authority ?? transaction.WatchedAuthority) != (transaction.WatchedAuthority ?? transaction.Authority))
            return false;
        authority = transaction.Authority ?? transaction.WatchedAuthority ?? (transaction.NeedsAuthority ? roots.Default : null);
        if (authorities.IsAuthority && authority == authorities.Self)
            authority = null;
        return true;
    }

    /// <summary>Notes whose keys the client is about to watch; false where it watches another authority's already.</summary>
    public bool TryWatch(CommandContext c, ClientTransaction transaction, out bool isHere)
    {
        isHere = false;
        if (!TryAuthority(c, out string? authority) || authority is null)
            return false;
        isHere = authorities.IsAuthority && authority == authorities.Self;
        bool watches = c.Client.Upstream is not null || transaction.Watched.Count > 0;
        if (watches && transaction.WatchedAuthority is { } watched && watched != authority)
            return false;
        transaction.WatchedAuthority = authority;
        return true;
    }

    /// <summary>Why a script may not run a command at this authority, null where it may.</summary>
    public string? RefusalInScript(CommandContext c)
    {
        if (!TryAuthority(c, out string? authority))
            return RespErrors.CrossSlot;
        if (authority is not null && authority != authorities.Self)
            return $"ERR Script attempted to access a key of root '{authority}', and runs at root '{authorities.Self}'";
        return c.Spec.FanOut != FanOut.None ? $"ERR '{c.Spec.FullName}' concerns all roots of the tree, and can't be called from a script, which one of them runs" : null;
    }

    /// <summary>Replies why a command runs nowhere.</summary>
    public Outcome Refuse(CommandContext c, CommandPlace place)
    {
        if (place == CommandPlace.Crossing)
            return c.Error(RespErrors.CrossSlot);
        (int slot, string root) = FirstForeign(c);
        return c.Error($"ERR slot {slot} is the business of root '{root}', not of '{authorities.Self}'; the roots of '{c.Client.Peer?.Name}' are set otherwise");
    }

    private static bool IsFromPeer(CommandContext c) => c.Client.Peer is { IsProven: true };

    // The one authority of all keys, null for no keys; false where there are several.
    private bool TryAuthority(CommandContext c, out string? authority)
    {
        authority = null;
        if (c.Spec.IsKeyless)
            return true;
        if (!TryAuthority(c, c.Spec.Keys, ref authority))
            return false;
        foreach (KeySpec keys in c.Spec.MoreKeys)
        {
            if (!TryAuthority(c, keys, ref authority))
                return false;
        }

        return true;
    }

    private bool TryAuthority(CommandContext c, KeySpec keys, ref string? authority)
    {
        if ((keys.Flags & KeyFlags.NotKey) != 0 || !keys.TryRange(c, out int from, out int to))
            return true;
        for (int arg = from; arg <= to; arg += keys.Step)
        {
            string root = roots.Of(c.Arg(arg));
            if (authority is not null && authority != root)
                return false;
            authority = root;
        }

        return true;
    }

    private (int Slot, string Root) FirstForeign(CommandContext c)
    {
        foreach (KeySpec keys in (KeySpec[])[c.Spec.Keys, .. c.Spec.MoreKeys])
        {
            if (keys.TryRange(c, out int from, out _))
                return (HashSlots.Of(c.Arg(from)), roots.Of(c.Arg(from)));
        }

        return (0, roots.Default);
    }
}
