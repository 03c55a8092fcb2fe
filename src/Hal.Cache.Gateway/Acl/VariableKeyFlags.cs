using System.Text;

namespace Hal.Cache.Gateway.Acl;

/// <summary>What a command does with its keys where that depends on its other arguments.</summary>
internal static class VariableKeyFlags
{
    public static KeyFlags Of(CommandContext c, CommandSpec spec, KeySpec keys, int offset)
    {
        if ((keys.Flags & KeyFlags.VariableFlags) == 0) return keys.Flags & ~KeyFlags.Incomplete; // these are all that there are
        return spec.FullName switch
        {
            "set" => OfSet(c, offset),
            "bitfield" => OfBitfield(c, offset),
            _ => keys.Flags,
        };
    }

    private static KeyFlags OfSet(CommandContext c, int offset)
    {
        for (int i = offset + 3; i < c.Count; i++)
        {
            if (Is(c, i, "get"u8)) return KeyFlags.RW | KeyFlags.Access | KeyFlags.Update;
        }

        return KeyFlags.OW | KeyFlags.Update;
    }

    private static KeyFlags OfBitfield(CommandContext c, int offset)
    {
        for (int i = offset + 2; i < c.Count; i++)
        {
            int more = c.Count - i - 1;
            if (Is(c, i, "get"u8) && more >= 2) i += 2;
            else if (Is(c, i, "overflow"u8) && more >= 1) i++;
            else return KeyFlags.RW | KeyFlags.Access | KeyFlags.Update; // SET, INCRBY, or what will be refused
        }

        return KeyFlags.RO | KeyFlags.Access;
    }

    private static bool Is(CommandContext c, int arg, ReadOnlySpan<byte> word) => !c.IsLarge(arg) && Ascii.EqualsIgnoreCase(c.Arg(arg), word);
}
