using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway;

/// <summary>What a command's keys are checked for before it runs.</summary>
internal static class CommandKeys
{
    /// <summary>Notes the hashes of the command's keys and the mask of their shards; false where a key is too long.</summary>
    public static bool TryAdd(CommandContext context, CommandSpec spec)
    {
        if (spec.Has(CommandFlags.AllShards))
            context.LockAll();
        if (spec.IsKeyless)
            return true;
        if (!TryAdd(context, spec.Keys))
            return false;
        foreach (KeySpec more in spec.MoreKeys)
        {
            if (!TryAdd(context, more))
                return false;
        }

        return true;
    }

    private static bool TryAdd(CommandContext context, KeySpec keys)
    {
        if (!keys.TryRange(context, out int from, out int to))
            return true;
        for (int arg = from; arg <= to; arg += keys.Step)
        {
            if (context.ArgLength(arg) > BlobKey.BytesMax)
                return false;
            context.AddKey(arg);
        }

        return true;
    }

    /// <summary>Whether the command changes a key that is under the read-only prefix of an origin.</summary>
    public static bool IsReadOnly(CommandContext context, CommandSpec spec, out OriginMount? mount)
    {
        if (IsReadOnly(context, spec, spec.Keys, out mount))
            return true;
        foreach (KeySpec keys in spec.MoreKeys)
        {
            if (IsReadOnly(context, spec, keys, out mount))
                return true;
        }

        return false;
    }

    private static bool IsReadOnly(CommandContext context, CommandSpec spec, KeySpec keys, out OriginMount? mount)
    {
        mount = null;

        // COPY reads its source: what is only read may be under a prefix.
        if (((keys.Flags & KeyFlags.RO) != 0 && spec.MoreKeys.Length > 0) || !keys.TryRange(context, out int from, out int to))
            return false;
        for (int arg = from; arg <= to; arg += keys.Step)
        {
            if (context.Keyspace.TryMatchOrigin(context.Arg(arg), out mount))
                return true;
        }

        return false;
    }
}
