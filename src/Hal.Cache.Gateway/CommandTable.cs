using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hal.Cache.Gateway.Commands;

namespace Hal.Cache.Gateway;

/// <summary>All commands: built once, then only read. Lookup is by the name's bytes in any case, without allocation.</summary>
internal sealed class CommandTable
{
    /// <summary>Stands where no command was looked up yet.</summary>
    public static readonly CommandSpec Unknown = new("unknown", -1, CommandFlags.None, KeySpec.None, c => c.Error("ERR unknown command"u8));

    // One line per file of commands.
    private static readonly CommandSpec[][] Files =
    [
        StringCommands.Specs,
        CounterCommands.Specs,
        RangeCommands.Specs,
        BitmapCommands.Specs,
        BitfieldCommands.Specs,
        LcsCommand.Specs,
        HashCommands.Specs,
        HashFieldCommands.Specs,
        ListCommands.Specs,
        ListMoveCommands.Specs,
        SetCommands.Specs,
        SetCombineCommands.Specs,
        SortedSetCommands.Specs,
        SortedSetRangeCommands.Specs,
        SortedSetPopCommands.Specs,
        SortedSetCombineCommands.Specs,
        SortCommands.Specs,
        GeoCommands.Specs,
        HyperLogLogCommands.Specs,
        StreamCommands.Specs,
        StreamReadCommands.Specs,
        StreamGroupCommands.Specs,
        StreamPendingCommands.Specs,
        StreamInfoCommands.Specs,
        KeyCommands.Specs,
        ExpiryCommands.Specs,
        ScanCommands.Specs,
        ObjectCommands.Specs,
        DumpCommands.Specs,
        ConnectionCommands.Specs,
        AclCommands.Specs,
        ClusterCommands.Specs,
        RefusedCommands.Specs,
        ClientCommands.Specs,
        DatabaseCommands.Specs,
        CommandCommands.Specs,
        ConfigCommands.Specs,
        InfoCommands.Specs,
        HalCommands.Specs,
        PeerCommands.Specs,
        EvictCommand.Specs,
        SlowLogCommands.Specs,
        ServerCommands.Specs,
        MemoryCommands.Specs,
        DebugCommands.Specs,
        TransactionCommands.Specs,
        PubSubCommands.Specs,
        EvalCommands.Specs,
        ScriptCommands.Specs,
        FunctionCommands.Specs,
        LatencyCommands.Specs,
    ];

    private const ulong Fold = 0xDFDF_DFDF_DFDF_DFDF; // clears the bit that tells letters' case apart; whole names are compared after it
    private readonly Slot[] slots;
    private readonly int shift;
    private readonly FrozenDictionary<string, CommandSpec> byName;

    public CommandTable()
        : this(Files.SelectMany(file => file))
    {
    }

    public CommandTable(IEnumerable<CommandSpec> rows)
    {
        var all = new List<CommandSpec>();
        var top = new List<CommandSpec>();
        foreach (CommandSpec row in rows)
        {
            CommandSpec placed = row.Placed(all.Count, null);
            all.Add(placed);
            CommandSpec[] below = [.. row.Subcommands.Select((sub, i) => sub.Placed(all.Count + i, placed))];
            all.AddRange(below);
            placed = placed.WithSubcommands(below);
            all[placed.Id] = placed;
            top.Add(placed);
        }

        All = [.. all];
        Commands = [.. top];
        byName = all.ToFrozenDictionary(spec => spec.FullName);
        int bits = 1 + (int)Math.Ceiling(Math.Log2(Math.Max(2, top.Count))) + 1;
        slots = new Slot[1 << bits];
        shift = 64 - bits;
        foreach (CommandSpec spec in top) Insert(spec);
    }

    /// <summary>Every row, subcommands included, at the position that is its id.</summary>
    public IReadOnlyList<CommandSpec> All { get; }

    /// <summary>Rows of commands without subcommands.</summary>
    public IReadOnlyList<CommandSpec> Commands { get; }

    /// <summary>The row of a name, null where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CommandSpec? Find(ReadOnlySpan<byte> name)
    {
        ulong prefix = PrefixOf(name) & Fold;
        for (uint i = IndexOf(prefix, name.Length); ; i = (i + 1) & (uint)(slots.Length - 1))
        {
            ref Slot slot = ref slots[i];
            if (slot.Spec is null) return null;
            if (slot.Prefix == prefix && slot.Name.Length == name.Length && Ascii.EqualsIgnoreCase(slot.Name, name)) return slot.Spec;
        }
    }

    /// <summary>The row of a full name in lower case, such as "client|list", null where there is none.</summary>
    public CommandSpec? FindFull(string fullName) => byName.GetValueOrDefault(fullName);

    /// <summary>The row of a container's subcommand, null where there is none.</summary>
    public static CommandSpec? FindSubcommand(CommandSpec container, ReadOnlySpan<byte> name)
    {
        foreach (CommandSpec sub in container.Subcommands)
        {
            if (sub.Name.Length == name.Length && Ascii.EqualsIgnoreCase(name, sub.Name)) return sub;
        }

        return null;
    }

    private void Insert(CommandSpec spec)
    {
        byte[] name = Encoding.ASCII.GetBytes(spec.FullName);
        ulong prefix = PrefixOf(name) & Fold;
        uint i = IndexOf(prefix, name.Length);
        while (slots[i].Spec is not null) i = (i + 1) & (uint)(slots.Length - 1);
        slots[i] = new Slot { Prefix = prefix, Name = name, Spec = spec };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint IndexOf(ulong prefix, int length) => (uint)(((prefix ^ (ulong)length) * 0x9E37_79B9_7F4A_7C15) >> shift);

    // The first eight bytes, read as overlapping halves where there are fewer: names of one length and one prefix have one value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong PrefixOf(ReadOnlySpan<byte> name)
    {
        ref byte first = ref MemoryMarshal.GetReference(name);
        int length = name.Length;
        if (length >= 8) return Unsafe.ReadUnaligned<ulong>(ref first);
        if (length >= 4)
            return Unsafe.ReadUnaligned<uint>(ref first) | ((ulong)Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref first, length - 4)) << 32);
        if (length >= 2)
            return Unsafe.ReadUnaligned<ushort>(ref first) | ((ulong)Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref first, length - 2)) << 16);
        return length == 0 ? 0UL : first;
    }

    private struct Slot
    {
        public ulong Prefix;
        public byte[] Name;
        public CommandSpec? Spec;
    }
}
