using System.Runtime.CompilerServices;

namespace Hal.Cache.Gateway;

/// <summary>All commands, found by name without allocation: open addressing over the name's bytes in lower case.</summary>
internal sealed class CommandTable
{
    private readonly CommandSpec?[] slots;
    private readonly uint mask;

    public CommandTable(IEnumerable<CommandSpec> specs)
    {
        List<CommandSpec> all = [];
        foreach (CommandSpec spec in specs)
        {
            spec.Index = all.Count;
            all.Add(spec);
            foreach (CommandSpec sub in spec.Subcommands)
            {
                sub.Index = all.Count;
                all.Add(sub);
            }
        }

        All = all;
        Commands = all.Where(spec => !spec.Name.Contains('|', StringComparison.Ordinal)).ToList();
        slots = new CommandSpec?[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Commands.Count * 4)];
        mask = (uint)slots.Length - 1;
        foreach (CommandSpec spec in Commands)
        {
            uint at = Hash(spec.NameBytes) & mask;
            while (slots[at] != null)
                at = (at + 1) & mask;
            slots[at] = spec;
        }
    }

    /// <summary>Commands and subcommands, each at its <see cref="CommandSpec.Index"/>.</summary>
    public IReadOnlyList<CommandSpec> All { get; }

    public IReadOnlyList<CommandSpec> Commands { get; }

    public CommandSpec? Find(ReadOnlySpan<byte> name)
    {
        uint at = Hash(name) & mask;
        while (slots[at] is { } spec)
        {
            if (SameName(spec.NameBytes, name))
                return spec;
            at = (at + 1) & mask;
        }

        return null;
    }

    public static CommandSpec? FindSubcommand(CommandSpec spec, ReadOnlySpan<byte> name)
    {
        foreach (CommandSpec sub in spec.Subcommands)
        {
            if (SameName(sub.NameBytes.AsSpan(spec.Name.Length + 1), name))
                return sub;
        }

        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SameName(ReadOnlySpan<byte> lower, ReadOnlySpan<byte> name)
    {
        if (lower.Length != name.Length)
            return false;
        for (int i = 0; i < name.Length; i++)
        {
            byte c = name[i];
            if (lower[i] != (c is >= (byte)'A' and <= (byte)'Z' ? c | 0x20 : c))
                return false;
        }

        return true;
    }

    private static uint Hash(ReadOnlySpan<byte> name)
    {
        uint hash = (uint)name.Length;
        foreach (byte c in name)
            hash = (hash * 31) + (c | 0x20u);
        return hash ^ (hash >> 15);
    }
}
